"""Members: who acts for the organisation, inviting, changing roles, removing, leaving."""

from dataclasses import dataclass
from functools import partial

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from marketplace import invitations
from marketplace import members as use_cases
from marketplace.models import Invitation, Membership, Role
from marketplace.portal.actions import act, attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.forms import InvitationForm, MemberRoleForm

A_PAGE = 25


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation just made; its link is on this one page and in the letter."""

    email: str
    link: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    member: Membership
    form: MemberRoleForm


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def members(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    invited = _invite(request, form, desk) if request.method == "POST" and form.is_valid() else None
    rows = use_cases.of_organisation(desk.organisation)
    cut = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    may_manage = desk.role == Role.OWNER
    waiting = invitations.waiting(desk.organisation, now=timezone.now()) if may_manage else ()
    reply = page(
        request,
        desk,
        "members.html",
        section="organisation",
        invited=invited,
        form=InvitationForm() if invited else form,
        page=cut,
        rows=[MemberRow(one, _role_form(one)) for one in cut.object_list],
        waiting=list(waiting),
        may_manage=may_manage,
        status=422 if form.errors else 200,
    )
    if invited:
        reply["Cache-Control"] = "no-store"
    return reply


@require_POST
@at_desk
def change_role(request: HttpRequest, desk: Desk, member_id: int) -> HttpResponse:
    member = use_cases.one_of(organisation=desk.organisation, member_id=member_id)
    role = request.POST.get(f"member-{member.pk}-role", "")
    call = partial(
        use_cases.change_role, member=member, role=_known(role), acting_user=desk.user, now=timezone.now()
    )
    return act(request, call, done=f"{member.user} is {role} from now on.", back="portal:members")


@require_POST
@at_desk
def remove(request: HttpRequest, desk: Desk, member_id: int) -> HttpResponse:
    """Somebody else, or oneself: then the next page is that of another organisation, or of none."""
    member = use_cases.one_of(organisation=desk.organisation, member_id=member_id)
    leaves = member.user_id == desk.user.pk
    done = f"You left {desk.organisation.name}." if leaves else f"{member.user} is a member no more."
    call = partial(use_cases.remove, member=member, acting_user=desk.user, now=timezone.now())
    return act(request, call, done=done, back="portal:home" if leaves else "portal:members")


@require_POST
@at_desk
def revoke(request: HttpRequest, desk: Desk, invitation_id: int) -> HttpResponse:
    found: Invitation = invitations.one_of(organisation=desk.organisation, invitation_id=invitation_id)
    call = partial(invitations.revoke, invitation=found, acting_user=desk.user, now=timezone.now())
    return act(request, call, done=f"The invitation of {found.email} is taken back.", back="portal:members")


def _invite(request: HttpRequest, form: InvitationForm, desk: Desk) -> Invited | None:
    link = request.build_absolute_uri(reverse("portal:invitation", args=["-"])).removesuffix("-")
    made: list[Invited] = []

    def call() -> None:
        invitation, token = invitations.invite(
            organisation=desk.organisation,
            email=form.cleaned_data["email"],
            role=Role(form.cleaned_data["role"]),
            acting_user=desk.user,
            link=link,
            now=timezone.now(),
        )
        made.append(Invited(invitation.email, link + token))

    return made[0] if attempt(form, call) else None


def _role_form(member: Membership) -> MemberRoleForm:
    """Several of them stand on one page, so each has names and ids of its own."""
    return MemberRoleForm(prefix=f"member-{member.pk}", initial={"role": member.role})


def _known(role: str) -> Role:
    return Role(role) if role in Role.values else Role.VIEWER
