"""The small port through which a web process has a question judged by a topic clause: only the engine can.

Which function asks the engine is a setting, as for long work (`marketplace.work`): the market knows none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.models import Organisation

Ask = Callable[..., Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class TopicVerdict:
    outcome: str  # allow or deny
    reason: str
    values: Mapping[str, Any]


def judge(*, plain: Mapping[str, Any], question: str, organisation: Organisation) -> TopicVerdict | None:
    """What the topic clause of the policy says of the question; None where no engine answers in time."""
    ask: Ask = import_string(settings.TOPIC_JUDGE)
    said = ask(plain=plain, question=question, organisation=organisation)
    return None if said is None else TopicVerdict(said["outcome"], said["reason"], said["values"])
