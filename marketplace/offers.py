"""The policy of a source as an ODRL offer, for its owner in full and for others without names, and back.

An offer that is imported is published like any other policy. Must not decide who may see the source.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace import policy_versions, publishing
from marketplace.models import PolicyVersion, Source, User
from marketplace.policy.kinds import KINDS
from marketplace.policy.odrl.canonical import canonical
from marketplace.policy.odrl.document import exported, imported
from marketplace.policy.odrl.terms import Place
from marketplace.policy.parties import UNDISCLOSED
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.purposes import ANY
from marketplace.policy.reader import Reader
from marketplace.roles import EDITORS, require_role


def place_of(source: Source, base: str) -> Place:
    """`base` is how this market is addressed, without a slash at its end."""
    return Place(base, source.slug, source.organisation.slug)


def offer_of(source: Source, version: PolicyVersion, *, base: str, in_full: bool) -> dict[str, Any]:
    plain = version.plain if in_full else without_names(version.plain)
    return exported(plain, place_of(source, base))


def read_offer(source: Source, document: object, *, base: str) -> dict[str, Any]:
    """The plain form that an offer means, or Invalid with every problem at its JSON path."""
    try:
        return imported(document, place_of(source, base), publishing.parse_policy)
    except PolicyInvalid as error:
        raise publishing.refused(error) from error


def import_offer(
    *, source: Source, document: Mapping[str, Any], base: str, acting_user: User, now: datetime
) -> PolicyVersion:
    """Publish what the offer says; the version that says the same already is answered again."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    plain = read_offer(source, document, base=base)
    before = policy_versions.current(source, now)
    if before is not None and _same(before.plain, document, place_of(source, base)):
        return before
    return publishing.publish_policy(source=source, plain=plain, acting_user=acting_user, now=now)


def nameless(version: PolicyVersion) -> Policy:
    """The clauses as others may read them; prices that are for somebody alone are left out."""
    reader = Reader(without_names(version.plain), "$", [])
    return Policy.of(kind.read(reader) for kind in KINDS)


def without_names(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Who else may use a source, and beside whom it does not vote, is between its owner and them."""
    shown = dict(plain)
    if shown.get("consumers"):
        shown["consumers"] = {side: _nameless(names) for side, names in shown["consumers"].items()}
    if shown.get("not_together_with"):
        shown["not_together_with"] = [UNDISCLOSED]
    if shown.get("prices"):
        shown["prices"] = [
            {**price, "consumer": UNDISCLOSED} if price.get("consumer") else price
            for price in shown["prices"]
        ]
    return shown


def _nameless(names: list[str] | None) -> list[str]:
    kept = [name for name in names or [] if name == ANY]
    return kept + ([UNDISCLOSED] if len(kept) < len(names or []) else [])


def _same(plain: Mapping[str, Any], document: Mapping[str, Any], place: Place) -> bool:
    return canonical(exported(plain, place), place) == canonical(document, place)
