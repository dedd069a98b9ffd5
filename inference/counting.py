"""Counts what an answer asked for and which sources it did not get, after its caller was told.

Plans are not counted: they spend nothing and may be asked again and again. A count that fails is logged and
forgotten; no answer may fail because of it.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from accounting.errors import DomainError
from inference.models import Answer
from inference.plan import Plan
from inference.wishes import Wishes
from marketplace import demand

logger = logging.getLogger(__name__)
OWN_CHOICE = frozenset({"ignore", "only"})  # the request itself said no


def count_answer(*, answer: Answer, wishes: Wishes, plan: Plan, now: datetime) -> None:
    """The request, and every source that has no seat in its plan."""
    chosen = frozenset(wishes.only or ())
    refused = {one.slug: one.rule for one in plan.excluded if one.slug in chosen}
    others = Counter(plan.counts()) - Counter(refused.values())
    for rule in OWN_CHOICE:
        del others[rule]
    to_everybody = wishes.only is None and not wishes.is_private
    _count(answer, wishes, now, to_everybody=to_everybody, refused=refused, others=others)


def count_refusal(*, answer: Answer, wishes: Wishes, refusal: DomainError, now: datetime) -> None:
    """A request that ended because a source which it requires may not vote; nobody else was asked."""
    source, rule = refusal.extra.get("source"), refusal.extra.get("rule")
    if isinstance(source, str) and isinstance(rule, str):
        _count(answer, wishes, now, to_everybody=False, refused={source: rule}, others={})


def _count(
    answer: Answer,
    wishes: Wishes,
    now: datetime,
    *,
    to_everybody: bool,
    refused: Mapping[str, str],
    others: Mapping[str, int],
) -> None:
    asked = demand.Asked(
        consumer=answer.organisation,
        purpose=wishes.purpose,
        mode="private" if wishes.is_private else "open",
        output=wishes.output,
        to_everybody=to_everybody,
        refused={slug: rule for slug, rule in refused.items() if rule not in OWN_CHOICE},
        others=others,
    )
    try:
        demand.count(asked, now=now)
    except Exception:
        logger.exception("Answer %s could not be counted; it goes on", answer.pk)
