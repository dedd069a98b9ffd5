"""An owner's evidence that a source which is off moves no answer: asked for here, computed by the engine.

Two writes: the request, and the conclusion, each with an audit row. Only a conclusion that is zero is signed;
anything else is kept with what was found, and says why. How logits are compared is the engine's to know.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from accounting import audit, signing
from accounting.errors import Conflict
from marketplace.models import CertificateState, Source, User, ZeroInfluence
from marketplace.off_states import off_states
from marketplace.roles import EDITORS, require_role

LONGEST = timedelta(minutes=30)  # after which whoever computed it is taken to be gone
SAYS = (
    "While the source was in the states named here, the market's own admission gave it no vote, and the "
    "logits of every probe with the source registered were equal, bit for bit, to those without it."
)
DOES_NOT_SAY = (
    "It does not speak of answers given before, of what the core learned in its own pretraining, or of any "
    "moment after a state named here has ended."
)
Ask = Callable[..., None]


def request(*, source: Source, acting_user: User, now: datetime) -> ZeroInfluence:
    """Queued; one at a time for each source. Conflict while the source may still vote."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    with transaction.atomic(durable=True):
        locked = _locked(source)
        _give_up_lost(locked, now)
        if not off_states(locked):
            raise Conflict(
                "The source may still vote, so there is no zero influence to certify.",
                code="still_votes",
                next_step="Suspend or withdraw it, pause its lifetime budget, or wait until that is spent.",
            )
        waiting = ZeroInfluence.objects.filter(source=locked, state=CertificateState.QUEUED).first()
        if waiting is not None:
            return waiting
        made = ZeroInfluence.objects.create(
            source=locked, requested_by=acting_user.username, requested_at=now
        )
        audit.record(
            acting_user=acting_user.username, action="zero_influence.requested",
            subject=f"source:{locked.slug}", after={"certificate": str(made.pk)},
            organisation_slug=locked.organisation.slug, now=now,
        )  # fmt: skip
    # A transaction of its own: should the process die before it, the row counts as lost after a while.
    ask: Ask = import_string(settings.ZERO_INFLUENCE_ENGINE)
    ask(certificate_id=made.pk, organisation=source.organisation, now=now)
    return made


def conclude(*, certificate: ZeroInfluence, found: Mapping[str, Any], now: datetime) -> ZeroInfluence:
    """`found` by the engine: admission, and for every probe the digests of its logits with and without."""
    with transaction.atomic(durable=True):
        source = _locked(certificate.source)
        stated = [{"state": one.state, "sentence": one.sentence} for one in off_states(source)]
        evidence = _evidence(certificate, found, stated, now)
        return _end(certificate, source, evidence=evidence, problem=_problem(evidence), now=now)


def give_up(*, certificate: ZeroInfluence, problem: str, now: datetime) -> ZeroInfluence:
    """It could not be computed."""
    with transaction.atomic(durable=True):
        source = _locked(certificate.source)
        return _end(certificate, source, evidence=None, problem=problem, now=now)


def digest_of(digests: Sequence[str]) -> str:
    """Of all probes together: SHA-256 over their digests, one a line."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _evidence(
    certificate: ZeroInfluence,
    found: Mapping[str, Any],
    states: Sequence[Mapping[str, str]],
    now: datetime,
) -> dict[str, Any]:
    source, logits = certificate.source, found["logits"]
    both = [digest_of([probe[side] for probe in logits]) for side in ("with", "without")]
    kept = source.partitions.exclude(state="failed").order_by("pk").values_list("digest", flat=True)
    return {
        "type": "zero_influence",
        "certificate_id": str(certificate.pk),
        "source": source.slug,
        "organisation": source.organisation.slug,
        "states": list(states),
        "partitions": list(kept),
        **found,
        "digest_with": both[0],
        "digest_without": both[1],
        "equal": both[0] == both[1] and all(probe["with"] == probe["without"] for probe in logits),
        "issued_at": now.isoformat(),
        "says": SAYS,
        "does_not_say": DOES_NOT_SAY,
    }


def _problem(evidence: Mapping[str, Any]) -> str:
    """Empty where the evidence shows zero influence."""
    if not evidence["states"]:
        return "The source was on again by the time that it was computed."
    if evidence["admission"]["admitted"]:
        return "The market's admission still gave the source a vote: tell the operator."
    if not evidence["logits"]:
        return "No probe was computed."
    if not evidence["equal"]:
        return "The logits differ with and without the source: tell the operator."
    return ""


def _end(
    certificate: ZeroInfluence,
    source: Source,
    *,
    evidence: Mapping[str, Any] | None,
    problem: str,
    now: datetime,
) -> ZeroInfluence:
    zero = evidence is not None and not problem
    state = CertificateState.ZERO if zero else CertificateState.FAILED
    jws = signing.sign(evidence, kind=signing.ZERO_INFLUENCE) if zero and evidence else ""
    changed = ZeroInfluence.objects.filter(pk=certificate.pk, state=CertificateState.QUEUED).update(
        state=state, evidence=evidence, jws=jws, problem=problem, finished_at=now
    )
    if changed:
        audit.record(
            acting_user="engine", action=f"zero_influence.{state}", subject=f"source:{source.slug}",
            before={"state": CertificateState.QUEUED}, organisation_slug=source.organisation.slug, now=now,
            after={"state": state, "certificate": str(certificate.pk), "problem": problem},
        )  # fmt: skip
    certificate.refresh_from_db()
    return certificate


def _locked(source: Source) -> Source:
    """Also one that was withdrawn, which no other write takes."""
    return (
        Source.objects.select_for_update(of=("self",))
        .select_related("organisation", "policy")
        .get(pk=source.pk)
    )


def _give_up_lost(source: Source, now: datetime) -> None:
    """One whose engine is gone must not keep the owner from asking again."""
    lost = ZeroInfluence.objects.filter(
        source=source, state=CertificateState.QUEUED, requested_at__lt=now - LONGEST
    )
    for one in lost:
        _end(one, source, evidence=None, problem="The engine that computed it is gone: ask again.", now=now)
