"""What one API key is kept to: operations, sources, purposes. Decided here, asked wherever a key is shown.

An empty list of sources or purposes means that the key is not limited there. A limited key knows of no other
source: to it the others do not exist. A purpose that is allowed allows what lies below it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accounting.errors import Invalid, PermissionDenied
from marketplace.models import ApiKey, Organisation
from marketplace.policy import purposes
from marketplace.scopes import SCOPES, USUAL, covers
from marketplace.visibility import visible_to

MOST_SOURCES = 100


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What a new key is kept to, as its owner wishes it."""

    scopes: Sequence[str] = USUAL
    source_slugs: Sequence[str] = ()
    purposes: Sequence[str] = ()
    default_purpose: str = ""


def check(limits: KeyLimits, *, organisation: Organisation) -> None:
    """Invalid where the limits name something that is not known, or contradict each other."""
    if not limits.scopes or not set(limits.scopes) <= set(SCOPES):
        raise Invalid(f"A key needs scopes out of {', '.join(SCOPES)}.", code="unknown_scope")
    unknown = [one for one in (*limits.purposes, limits.default_purpose) if one and not purposes.known(one)]
    if unknown:
        raise Invalid(
            f"The purpose '{unknown[0]}' is not known.",
            code="unknown_purpose",
            next_step=f"Use some of {', '.join(purposes.PURPOSES)}.",
        )
    if limits.default_purpose and not allows_purpose(limits.purposes, limits.default_purpose):
        raise Invalid(
            f"The usual purpose '{limits.default_purpose}' is not among the purposes that the key may have.",
            code="purpose_not_allowed",
            next_step="Allow it, or choose another usual purpose.",
        )
    _check_sources(limits.source_slugs, organisation)


def allows_purpose(allowed: Collection[str], purpose: str) -> bool:
    """Whether a key with the purposes `allowed` may ask for this one."""
    return not allowed or not set(purposes.lineage(purpose)).isdisjoint(allowed)


def require_purpose(key: ApiKey | None, purpose: str) -> None:
    """PermissionDenied for a purpose that the key may not have; without a key there is no such limit."""
    if key is not None and not allows_purpose(key.purposes, purpose):
        raise PermissionDenied(
            f"This key may not ask for the purpose '{purpose}'.",
            code="purpose_not_allowed",
            next_step=f"Its purposes are {', '.join(key.purposes)}; an owner can issue another key.",
            purpose=purpose,
        )


def require_sources(key: ApiKey | None, named: Collection[str]) -> None:
    """PermissionDenied where a request names a source that the key is not for."""
    outside = sorted(set(named) - set(key.source_slugs)) if key is not None and key.source_slugs else []
    if key is not None and outside:
        raise PermissionDenied(
            f"This key is not for the source '{outside[0]}'.",
            code="source_not_allowed",
            next_step=f"Its sources are {', '.join(key.source_slugs)}; an owner can issue another key.",
            source=outside[0],
        )


def votes_within(
    key: ApiKey | None, only: Sequence[str] | None, *, consumer: Organisation
) -> Sequence[str] | None:
    """The sources that an answer under this key may rest on: what it wants (None: all), and may."""
    if only is not None or key is None or not key.source_slugs:
        return only
    known = visible_to(consumer).filter(slug__in=key.source_slugs)
    return tuple(known.values_list("slug", flat=True))  # one that is gone does not make every answer a 404


def require_no_more_than(holder: ApiKey | None, scopes: Collection[str]) -> None:
    """A key hands out no key that may do more than itself; a person who is signed in is judged by role."""
    if holder is None:
        return
    is_limited = bool(
        holder.source_slugs
        or holder.purposes
        or holder.spend_cap_micro_usd is not None
        or holder.daily_cap_micro_usd is not None
        or holder.expires_at is not None
    )
    if is_limited or not covers(holder.scopes, scopes):
        raise PermissionDenied(
            "A key cannot hand out a key that may do more than itself.",
            code="more_than_itself",
            next_step="Sign in to the portal for it, or use a key without limits that has these scopes.",
        )


def _check_sources(slugs: Sequence[str], organisation: Organisation) -> None:
    if len(slugs) > MOST_SOURCES:
        raise Invalid(f"A key is limited to at most {MOST_SOURCES} sources.", code="too_many_sources")
    if not slugs:
        return
    known = set(visible_to(organisation).filter(slug__in=slugs).values_list("slug", flat=True))
    unknown = sorted(set(slugs) - known)
    if unknown:
        raise Invalid(
            f"There is no source '{unknown[0]}' that you may know of.",
            code="unknown_source",
            source=unknown[0],
        )
