"""A runner that only notes what it was asked to run (fixture `work_is_noted`)."""

NOTED: list[tuple[str, str, dict[str, object]]] = []


def note(task: str, queue: str, values: dict[str, object]) -> None:
    NOTED.append((task, queue, values))
