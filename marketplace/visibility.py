"""Which sources an organisation may know of. What is not visible is not found, like what does not exist.

Today every live source is listed; private listings and listings on request take their place here later.
"""

from django.db.models import Q, QuerySet

from accounting.errors import NotFound
from marketplace.models import Organisation, Source, SourceState

LISTED = (SourceState.LIVE, SourceState.SUSPENDED)


def visible_to(organisation: Organisation) -> QuerySet[Source]:
    """What is listed, and the organisation's own sources in every state."""
    return Source.objects.filter(Q(state__in=LISTED) | Q(organisation=organisation))


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


def not_found(slug: str) -> NotFound:
    return NotFound(
        f"There is no source '{slug}' that you may know of.",
        next_step="GET /v1/sources lists the ones you can name.",
        source=slug,
    )
