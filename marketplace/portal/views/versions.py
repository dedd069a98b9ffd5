"""Every version of a source's policy: what each changed, which holds, and calling off one that waits."""

from functools import partial

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from marketplace import policy_versions, publishing
from marketplace.portal.actions import act
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.views.sources import own_source

A_PAGE = 10
LONGEST_REASON = 300


@require_safe
@at_desk
def versions(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found, now = own_source(desk, slug), timezone.now()
    cut = Paginator(policy_versions.versions_of(found), A_PAGE).get_page(request.GET.get("page"))
    rows = [(one, policy_versions.state_of(one, now), one.diff) for one in cut.object_list]
    return page(request, desk, "versions.html", section="sources", source=found, page=cut, rows=rows)


@require_POST
@at_desk
def cancel(request: HttpRequest, desk: Desk, slug: str, number: int) -> HttpResponse:
    found = own_source(desk, slug)
    call = partial(
        publishing.cancel_policy, source=found, number=number, acting_user=desk.user, now=timezone.now(),
        reason=request.POST.get("reason", "").strip()[:LONGEST_REASON],
    )  # fmt: skip
    back = reverse("portal:policy-versions", args=[found.slug])
    return act(request, call, done=f"Version {number} is called off.", back=back)
