"""The certificates on a source's page: one is asked for, and a signed one is taken along."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounting.errors import NotFound
from marketplace import zero_influence
from marketplace.models import ZeroInfluence
from marketplace.portal.actions import act
from marketplace.portal.desk import Desk, at_desk
from marketplace.portal.views.sources import own_source


@require_POST
@at_desk
def ask(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    call = partial(zero_influence.request, source=found, acting_user=desk.user, now=timezone.now())
    back = f"{reverse('portal:source', args=[found.slug])}#zero-influence"
    return act(request, call, done="It is being computed: look again in a minute.", back=back)


@require_safe
@at_desk
def signed(_request: HttpRequest, desk: Desk, slug: str, certificate_id: UUID) -> HttpResponse:
    source = own_source(desk, slug)
    found = ZeroInfluence.objects.filter(source=source, pk=certificate_id).exclude(jws="").first()
    if found is None:
        raise NotFound("There is no such certificate.")
    reply = HttpResponse(found.jws, content_type="application/jose")
    reply["Content-Disposition"] = f'attachment; filename="zero-influence-{slug}-{certificate_id}.jws"'
    reply["Cache-Control"] = "private, no-cache"
    return reply
