"""The market that every address is tried on, and what stands in addresses for its rows."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounting.models import TopUp, TopUpState
from marketplace import agreements, domains, invitations, organisations, payouts
from marketplace.models import ApiKey, Job, PolicyTemplate, Role, Source, User, ZeroInfluence
from tests.builders import PLAIN, draft_source, publish, upload
from tests.cast import Cast
from tests.pages.scene import Scene, set_scene

STATING = "parish-registers"  # a draft of the owner's whose text states a term of its own
Arguments = Mapping[str, Any]


def set_market(cast: Cast) -> tuple[Scene, Arguments]:
    """All of it belongs to the owner, but the receipt, whose buyer is the buyer. Needs `named_core`.

    A new kind of row in addresses is one line: what stands between its angle brackets, and how to find it.
    """
    scene = set_scene(cast, answers=1)
    organisation = cast.owner.organisation
    payout = payouts.request(
        organisation=organisation, amount_micro_usd=10_000, operation_id=uuid.uuid4(),
        acting_user=cast.owner.user, now=timezone.now(),
    )  # fmt: skip
    top_up = TopUp.objects.create(
        wallet_id=organisation.wallet_account_id, label=organisation.slug, amount_micro_usd=1_000_000,
        provider="stripe", state=TopUpState.OPEN, requested_by="owner", created_at=timezone.now(),
        checkout_url="https://checkout.stripe.com/c/pay", reference="cs_1", id=uuid.uuid4(),
    )  # fmt: skip
    colleague = organisations.add_member(
        organisation=organisation, user=User.objects.create_user("colleague"), role=Role.EDITOR,
        acting_user=cast.owner.user, now=timezone.now(),
    )  # fmt: skip
    invitation, token = invitations.invite(
        organisation=organisation, email="adam@example.org", role=Role.VIEWER, link="/invitations/",
        acting_user=cast.owner.user, now=timezone.now(),
    )  # fmt: skip
    claimed = domains.claim(
        organisation=organisation, domain="uni.example.org", acting_user=cast.owner.user, now=timezone.now()
    )
    PolicyTemplate.objects.create(slug="start", title="Start", description="To start from.", plain=PLAIN)
    upload(
        cast.owner, Source.objects.get(slug=STATING), text="Content-Usage: search=y\n\nOxlips.", name="b.txt"
    )
    asked = agreements.request(
        consumer=cast.buyer.organisation,
        source=publish(cast.owner, draft_source(cast.owner, "by-approval"), approval="required"),
        purpose="research", statement="A survey.", acting_user=cast.buyer.user, now=timezone.now(),
    )  # fmt: skip
    certificate = ZeroInfluence.objects.create(
        source=scene.alpine, requested_by="owner", requested_at=timezone.now()
    )
    return scene, {
        "int:number": 1,
        "uuid:agreement_id": asked.pk,
        "slug:slug": scene.alpine.slug,
        "int:job_id": Job.objects.get(state="running").pk,
        "uuid:receipt_id": scene.receipt.pk,
        "uuid:certificate_id": certificate.pk,
        "uuid:payout_id": payout.pk,
        "uuid:top_up_id": top_up.pk,
        "int:key_id": ApiKey.objects.get(created_by=cast.owner.user, name="tests").pk,
        "int:claim_id": claimed.pk,
        "int:member_id": colleague.pk,
        "int:invitation_id": invitation.pk,
        "str:token": token,
        "path:slug": settings.CORE_SLUG,
    }


def address_of(route: str, arguments: Arguments) -> str:
    return "/" + re.sub(r"<([\w:]+)>", lambda found: str(arguments[found[1]]), route)
