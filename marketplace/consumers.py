"""What policies may know of a consumer: its groups, the domains that it proved, and its country.

Read once an admission, in one query, and never kept: a change counts for the next question. Fail closed: a
country that no operator confirmed and a domain that is only claimed are unknown here.
"""

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
    groups = ConsumerGroup.objects.filter(organisations=organisation)
    domains = VerifiedDomain.objects.filter(organisation=organisation)
    country = Organisation.objects.filter(pk=organisation.pk, country_confirmed_at__isnull=False)
    parts = [
        found.order_by().values_list(Value(kind), F(field))
        for kind, found, field in (
            ("group", groups, "slug"),
            ("domain", domains, "domain"),
            ("country", country, "country"),
        )
    ]
    facts = list(parts[0].union(*parts[1:], all=True))
    return ConsumerFacts(
        groups=frozenset(value for kind, value in facts if kind == "group"),
        domains=frozenset(value for kind, value in facts if kind == "domain"),
        country=next((value for kind, value in facts if kind == "country"), None),
    )


def known_groups() -> frozenset[str]:
    """The groups that a policy may name; a name that is none is refused when the policy is saved."""
    return frozenset(ConsumerGroup.objects.values_list("slug", flat=True))
