"""Publishing a policy: step 2 (set policy) of the way. A published version is never changed.

It takes effect in the same transaction (`taking_effect`), unless it is announced for later or a reviewer has
to look at it first (`reviews`). An announced one can be called off; until then no other one is published.
What was spent under the privacy regime stays spent, and leaving that regime needs a version of the data that
never gave a private answer.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounting import audit
from accounting.errors import Conflict, Invalid
from marketplace import agreed_terms, policy_versions, reviews, taking_effect
from marketplace.models import Partition, PolicyCancellation, PolicyVersion, Source, User
from marketplace.named_in_policies import require_known_groups
from marketplace.policy import plain as plain_form
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid
from marketplace.registration import lock, newest_version
from marketplace.roles import EDITORS, require_role

LONGEST_NOTICE = timedelta(days=3660)


def parse_policy(plain: object) -> Policy:
    """The policy in clauses, or PolicyInvalid; what it names exists."""
    policy = plain_form.parse(plain)
    require_known_groups(policy)
    return policy


def read_policy(plain: object) -> Policy:
    """The policy in clauses, or Invalid with every problem, its place and a sentence."""
    try:
        return parse_policy(plain)
    except PolicyInvalid as error:
        raise refused(error) from error


def refused(error: PolicyInvalid) -> Invalid:
    """Every problem of a policy, in whatever form it was written, as the refusal to take it."""
    problems = [one.as_json() for one in error.problems]
    more = f" There are {len(problems) - 1} more problems." if len(problems) > 1 else ""
    return Invalid(
        f"The policy cannot be taken: {problems[0]['path']}: {problems[0]['sentence']}{more}",
        code="invalid_policy",
        next_step="Correct every place that `problems` names, and send the policy again.",
        problems=problems,
    )


def publish_policy(
    *,
    source: Source,
    plain: Mapping[str, Any],
    acting_user: User,
    now: datetime,
    effective_at: datetime | None = None,
) -> PolicyVersion:
    """In force from the next answer on, or from `effective_at` on, or waiting for a reviewer first.

    The policy that is in force, or waits (`version.review`, `source.next_policy`), already is answered again.
    """
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    policy = read_policy(plain)
    digest = plain_form.digest(plain)
    _check_moment(effective_at, now)
    with transaction.atomic(durable=True):
        locked = lock(source)
        taking_effect.apply_due(locked, now=now)
        known = _on_record(locked, digest, effective_at)
        if known is not None:
            return known
        before, waits = locked.policy, reviews.is_needed(locked, digest)
        version = _write_version(
            locked, plain, digest=digest, regime=policy.limits.regime, acting_user=acting_user, now=now,
            effective_at=effective_at,
        )  # fmt: skip
        if waits:
            reviews.queue(source=locked, version=version, acting_user=acting_user, now=now)
        else:
            reviews.replace_waiting(source=locked, now=now)
        if effective_at is not None:
            _announce(locked, version)
            agreed_terms.announce(source=locked, version=version, now=now)
        elif not waits:
            taking_effect.take_effect(source=locked, version=version, now=now)
        audit.record(
            acting_user=acting_user.username,
            action="policy.published" if effective_at is None else "policy.announced",
            subject=f"source:{locked.slug}",
            before=before.plain if before else None, after=version.plain,
            organisation_slug=locked.organisation.slug, now=now,
        )  # fmt: skip
    return version


def cancel_policy(
    *, source: Source, number: int, acting_user: User, now: datetime, reason: str = ""
) -> PolicyVersion:
    """Call off an announced version before its moment; the one in force stays."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    with transaction.atomic(durable=True):
        locked = lock(source)
        taking_effect.apply_due(locked, now=now)
        version = policy_versions.one_of(source=locked, number=number)
        if locked.next_policy_id != version.pk:
            raise Conflict(
                f"Version {number} of the policy of '{locked.slug}' does not wait for its moment.",
                code="not_waiting",
                next_step="Only a version that is not in force yet can be called off; publish another one.",
            )
        reviews.replace_waiting(source=locked, now=now)
        _announce(locked, None)
        PolicyCancellation.objects.create(
            version=version, reason=reason, cancelled_by=acting_user, cancelled_at=now
        )
        audit.record(
            acting_user=acting_user.username, action="policy.called_off", subject=f"source:{locked.slug}",
            before={"version": number, "effective_at": version.effective_at.isoformat()},
            after={"version": None, "reason": reason},
            organisation_slug=locked.organisation.slug, now=now,
        )  # fmt: skip
    return version


def _announce(locked: Source, version: PolicyVersion | None) -> None:
    """What takes effect at its own moment; None: nothing does."""
    locked.next_policy = version
    locked.next_policy_at = None if version is None else version.effective_at
    locked.save(update_fields=["next_policy", "next_policy_at"])


def _check_moment(effective_at: datetime | None, now: datetime) -> None:
    if effective_at is None:
        return
    if effective_at.tzinfo is None:
        raise Invalid(
            "The moment needs a time zone.",
            param="effective_at",
            next_step="Write it like 2027-01-31T00:00:00Z.",
        )
    if effective_at <= now:
        raise Invalid(
            "A policy takes effect now or later, never in the past.",
            code="effective_in_the_past",
            param="effective_at",
            next_step="Choose a later moment, or leave it out: then it holds from the next answer on.",
        )
    if effective_at - now > LONGEST_NOTICE:
        raise Invalid("A policy is announced at most ten years ahead.", param="effective_at")


def _on_record(locked: Source, digest: str, effective_at: datetime | None) -> PolicyVersion | None:
    """The version that says the same, wherever it stands; Conflict where another one is announced."""
    announced = locked.next_policy
    if announced is not None:
        if announced.digest == digest and announced.effective_at == effective_at:
            return announced
        if locked.policy is None or locked.policy.digest != digest:
            raise _another_waits(locked, announced)
        return locked.policy
    item = reviews.waiting_of(locked)
    current = item.version if item else locked.policy
    return current if current is not None and current.digest == digest else None


def _another_waits(source: Source, announced: PolicyVersion) -> Conflict:
    return Conflict(
        f"Version {announced.number} waits to take effect at {announced.effective_at:%Y-%m-%d %H:%M:%S %Z}.",
        code="policy_waiting",
        next_step=f"Call it off first: POST /v1/sources/{source.slug}/policies/{announced.number}/cancel.",
        version=announced.number,
    )


def _write_version(
    source: Source,
    plain: Mapping[str, Any],
    *,
    digest: str,
    regime: str,
    acting_user: User,
    now: datetime,
    effective_at: datetime | None,
) -> PolicyVersion:
    last, newest = source.policies.order_by("-number").first(), newest_version(source)
    before, number = taking_effect.taken(source).first(), newest.number if newest else 0
    return PolicyVersion.objects.create(
        source=source, number=last.number + 1 if last else 1, plain=dict(plain), digest=digest,
        regime=regime, newest_version=number, replaces=before,
        first_version=_first_version(source, before, regime, number, effective_at),
        published_by=acting_user, published_at=now, effective_at=effective_at or now,
    )  # fmt: skip


def _first_version(
    source: Source, before: PolicyVersion | None, regime: str, newest: int, effective_at: datetime | None
) -> int:
    """The oldest version that may vote: beyond everything the privacy regime covered, when leaving it."""
    if before is None:
        return 0
    if before.regime != "privacy" or regime == "privacy" or newest == 0:
        return before.first_version
    if effective_at is not None:
        raise Conflict(
            "Leaving the privacy regime cannot be announced: what is uploaded until then is covered by it.",
            code="not_in_advance",
            param="effective_at",
            next_step="Publish it when it is to hold.",
        )
    voted = (
        Partition.objects.filter(source=source, activated_at__isnull=False)
        .order_by("-version__number")
        .values_list("version__number", flat=True)
        .first()
    )
    covered = max(before.newest_version, voted or 0)
    if newest <= covered:
        raise Conflict(
            f"Version {covered} is covered by the privacy regime, and that promise cannot be taken back.",
            code="needs_new_version",
            next_step="Upload a new version of the source first; only it will vote under the new regime.",
        )
    return covered + 1
