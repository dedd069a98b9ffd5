"""Which sources an organisation may know of, and which are open to it. This module alone decides.

What is not visible is not found, exactly like what does not exist: in the API, on pages, in plans, in the
catalogue and its counts. A source that is *listed on request* is visible as a card (title, licence, topics);
what else it says, and its use, are open only by agreement. Decided on rows (`is_visible`, `is_open`) and, the
same, in SQL (`visible`, `open_to`). Must not look at policies: whether a source may vote is admission's.
"""

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from accounting.errors import NotFound
from marketplace.models import Agreement, AgreementState, Organisation, Source, SourceState, Visibility

LISTED = (SourceState.LIVE, SourceState.SUSPENDED)
SHOWN = (Visibility.PUBLIC, Visibility.LISTED_ON_REQUEST)


def is_visible(*, visibility: str, state: str, is_own: bool, has_agreement: bool) -> bool:
    """Whether it may be known of: named, listed, counted."""
    return is_own or (state in LISTED and (visibility in SHOWN or has_agreement))


def is_open(*, visibility: str, state: str, is_own: bool, has_agreement: bool) -> bool:
    """Whether its details may be read and its use be asked for."""
    return is_own or (state in LISTED and (visibility == Visibility.PUBLIC or has_agreement))


def visible(organisation: Organisation | None) -> Q:
    """`is_visible` over rows with the columns of Source; None is somebody who has not said who they are."""
    return _own(organisation) | Q(state__in=LISTED) & (Q(visibility__in=SHOWN) | _agreed(organisation))


def open_to(organisation: Organisation | None) -> Q:
    """`is_open` over rows with the columns of Source."""
    return _own(organisation) | Q(state__in=LISTED) & (
        Q(visibility=Visibility.PUBLIC) | _agreed(organisation, under_its_policy=True)
    )


def visible_to(organisation: Organisation | None) -> QuerySet[Source, Any]:
    """What may be known of, each with `opened`: whether more than its card may be shown."""
    return Source.objects.filter(visible(organisation)).annotate(
        opened=ExpressionWrapper(open_to(organisation), output_field=BooleanField())
    )


def own_source(*, organisation: Organisation, slug: str) -> Source:
    """The organisation's own source, or NotFound: other owners' sources are nobody's business here."""
    source = (
        Source.objects.select_related("organisation", "policy")
        .filter(organisation=organisation, slug=slug)
        .first()
    )
    if source is None:
        raise not_found(slug)
    return source


def visible_source(*, organisation: Organisation | None, slug: str) -> Source:
    """The source with `opened`, or NotFound, whether it is hidden or there is none."""
    seen = visible_to(organisation).select_related("organisation", "policy")
    source: Source | None = seen.filter(slug=slug).first()
    if source is None:
        raise not_found(slug)
    return source


def not_found(slug: str) -> NotFound:
    return NotFound(
        f"There is no source '{slug}' that you may know of.",
        next_step="GET /v1/sources lists the ones you can name.",
        source=slug,
    )


def _own(organisation: Organisation | None) -> Q:
    return NOTHING if organisation is None else Q(organisation=organisation)


def _agreed(organisation: Organisation | None, *, under_its_policy: bool = False) -> Q:
    """Sources whose owner approved of the organisation; terms that it has not confirmed open nothing."""
    if organisation is None:
        return NOTHING
    approved = Agreement.objects.filter(consumer=organisation, state=AgreementState.IN_FORCE, automatic=False)
    if under_its_policy:
        approved = approved.filter(policy_version=F("source__policy"))
    return Q(pk__in=approved.order_by().values("source"))


NOTHING = Q(pk__in=())
