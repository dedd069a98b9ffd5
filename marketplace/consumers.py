"""What policies may know of a consumer: its groups, the domains that it proved, and its country.

Read once an admission, in one query, and never kept: a change counts for the next question. Fail closed: a
country that no operator confirmed and a domain that is only claimed are unknown here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection

from accounting.placeholders import marks
from marketplace.models import ConsumerGroup, Organisation


@dataclass(frozen=True, slots=True)
class ConsumerFacts:
    """`groups` by slug, `domains` in their ASCII form, `country` by ISO 3166-1 or None: unknown."""

    groups: frozenset[str]
    domains: frozenset[str]
    country: str | None


def facts_of(organisation: Organisation) -> ConsumerFacts:
    """One query, whatever the organisation is a member of."""
    return facts_by_id([organisation.pk])[organisation.pk]


def facts_by_id(organisation_ids: Collection[int]) -> dict[int, ConsumerFacts]:
    """Many organisations in one query."""
    facts: dict[tuple[int, str], set[str]] = {}
    for organisation_id, kind, value in _rows(tuple(organisation_ids)):
        facts.setdefault((organisation_id, kind), set()).add(value)
    return {
        one: ConsumerFacts(
            groups=frozenset(facts.get((one, "group"), ())),
            domains=frozenset(facts.get((one, "domain"), ())),
            country=next(iter(facts.get((one, "country"), ())), None),
        )
        for one in organisation_ids
    }


def _rows(organisation_ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """Written out as SQL: every admission asks it, and making it from query sets takes longer than asking."""
    if not organisation_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FACTS.format(ids=marks(organisation_ids)), [*organisation_ids] * 3)
        rows: list[tuple[int, str, str]] = cursor.fetchall()
    return rows


_FACTS = """SELECT o.organisation_id, 'group', g.slug FROM marketplace_consumergroup_organisations o
    JOIN marketplace_consumergroup g ON g.id = o.consumergroup_id WHERE o.organisation_id IN ({ids})
UNION ALL SELECT organisation_id, 'domain', domain FROM marketplace_verifieddomain
    WHERE organisation_id IN ({ids})
UNION ALL SELECT id, 'country', country FROM marketplace_organisation
    WHERE id IN ({ids}) AND country_confirmed_at IS NOT NULL"""


def known_groups() -> frozenset[str]:
    """The groups that a policy may name; a name that is none is refused when the policy is saved."""
    return frozenset(ConsumerGroup.objects.values_list("slug", flat=True))
