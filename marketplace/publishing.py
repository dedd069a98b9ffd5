"""Publishing a policy: step 2 (set policy) of the way. A published version is never changed.

It takes effect in the same transaction (`taking_effect`), unless a reviewer has to look at it first
(`reviews`). What was spent under the privacy regime stays spent, and leaving that regime needs a version of
the data that never gave a private answer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounting import audit
from accounting.errors import Conflict, Invalid
from marketplace import reviews
from marketplace.models import Partition, PolicyVersion, Source, User
from marketplace.policy import plain as plain_form
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid
from marketplace.registration import lock, newest_version
from marketplace.roles import EDITORS, require_role
from marketplace.taking_effect import take_effect, taken


def read_policy(plain: object) -> Policy:
    """The policy in clauses, or Invalid with every problem, its place and a sentence."""
    try:
        return plain_form.parse(plain)
    except PolicyInvalid as error:
        problems = [{"path": one.path, "sentence": one.sentence} for one in error.problems]
        more = f" There are {len(problems) - 1} more problems." if len(problems) > 1 else ""
        raise Invalid(
            f"The policy cannot be taken: {problems[0]['path']}: {problems[0]['sentence']}{more}",
            code="invalid_policy",
            next_step="Correct every place that `problems` names, and send the policy again.",
            problems=problems,
        ) from error


def publish_policy(
    *, source: Source, plain: Mapping[str, Any], acting_user: User, now: datetime
) -> PolicyVersion:
    """In force from the next answer on, or waiting for a reviewer (`version.review`) where one has to look.

    The policy that is in force, or waits, already is answered again.
    """
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    policy = read_policy(plain)
    digest = plain_form.digest(plain)
    with transaction.atomic(durable=True):
        locked = lock(source)
        current = _current(locked)
        if current is not None and current.digest == digest:
            return current
        before, waits = locked.policy, reviews.is_needed(locked, digest)
        version = _write_version(
            locked, plain, digest=digest, regime=policy.limits.regime, acting_user=acting_user, now=now
        )
        if waits:
            reviews.queue(source=locked, version=version, acting_user=acting_user, now=now)
        else:
            reviews.replace_waiting(source=locked, now=now)
            take_effect(source=locked, version=version, now=now)
        audit.record(
            acting_user=acting_user.username, action="policy.published", subject=f"source:{locked.slug}",
            before=before.plain if before else None, after=version.plain,
            organisation_slug=locked.organisation.slug, now=now,
        )  # fmt: skip
    return version


def _current(source: Source) -> PolicyVersion | None:
    """What the owner wants: the version that waits for a reviewer, else the one in force."""
    item = reviews.waiting_of(source)
    return item.version if item else source.policy


def _write_version(
    source: Source, plain: Mapping[str, Any], *, digest: str, regime: str, acting_user: User, now: datetime
) -> PolicyVersion:
    last, newest = source.policies.order_by("-number").first(), newest_version(source)
    number = newest.number if newest else 0
    return PolicyVersion.objects.create(
        source=source, number=last.number + 1 if last else 1, plain=dict(plain), digest=digest,
        regime=regime, newest_version=number,
        first_version=_first_version(source, taken(source).first(), regime, number),
        published_by=acting_user, published_at=now,
    )  # fmt: skip


def _first_version(source: Source, before: PolicyVersion | None, regime: str, newest: int) -> int:
    """The oldest version that may vote: beyond everything the privacy regime covered, when leaving it."""
    if before is None:
        return 0
    if before.regime != "privacy" or regime == "privacy" or newest == 0:
        return before.first_version
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
