"""What is wrong with a policy: every problem at once, each with its place and a sentence."""

from dataclasses import dataclass

UNKNOWN_TERM, CONTRADICTION = "unknown_term", "contradiction"


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` is a JSON path into the policy as it was sent, e.g. `$.influence_nats.per_answer`.

    `code` is stable: unknown_term, invalid_value, contradiction, and those of `warnings`.
    """

    path: str
    sentence: str
    code: str = "invalid_value"

    def as_json(self) -> dict[str, str]:
        return {"path": self.path, "code": self.code, "sentence": self.sentence}


class PolicyInvalid(ValueError):
    """The policy cannot be taken; nothing of it is ignored."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.sentence}" for problem in problems))
        self.problems = problems
