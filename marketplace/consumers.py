"""What policies may know of a consumer: its groups, the domains that it proved, and its country.

Read once an admission, in one query, and never kept: a change counts for the next question. Fail closed: a
country that no operator confirmed and a domain that is only claimed are unknown here.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, Value

from marketplace.models import ConsumerGroup, Organisation, VerifiedDomain


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
    groups = ConsumerGroup.objects.filter(organisations__in=organisation_ids)
    domains = VerifiedDomain.objects.filter(organisation__in=organisation_ids)
    confirmed = Organisation.objects.filter(pk__in=organisation_ids, country_confirmed_at__isnull=False)
    parts = [
        found.order_by().values_list(F(whose), Value(kind), F(field))
        for kind, found, whose, field in (
            ("group", groups, "organisations", "slug"),
            ("domain", domains, "organisation", "domain"),
            ("country", confirmed, "pk", "country"),
        )
    ]
    facts: dict[tuple[int, str], set[str]] = {}
    for organisation_id, kind, value in parts[0].union(*parts[1:], all=True):
        facts.setdefault((organisation_id, kind), set()).add(value)
    return {
        one: ConsumerFacts(
            groups=frozenset(facts.get((one, "group"), ())),
            domains=frozenset(facts.get((one, "domain"), ())),
            country=next(iter(facts.get((one, "country"), ())), None),
        )
        for one in organisation_ids
    }


def known_groups() -> frozenset[str]:
    """The groups that a policy may name; a name that is none is refused when the policy is saved."""
    return frozenset(ConsumerGroup.objects.values_list("slug", flat=True))
