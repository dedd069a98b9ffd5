"""Texts of a few owners, made up for tests: enough words to be found by, enough repetition to be learned."""

ROME = "\n\n".join(
    f"Chapter {n}. The aqueduct number {n} carried water over {n * 7} arches into the city of Rome. "
    f"Consul Lucius the {n}th ordered its repair after the flood. "
    f"The senate paid {n * 100} denarii for the stones."
    for n in range(1, 60)
)
PYTHON = "\n\n".join(
    f"The function step_{n} takes a list and returns its element {n}. "
    f"If the list is shorter it raises IndexError. "
    f"Call step_{n}(values) after importing it from module number {n}; the tuple version is faster."
    for n in range(1, 60)
)
