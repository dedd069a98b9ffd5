"""Taking the terms that apply into the policy: their drafts become clauses of its next version."""

from datetime import datetime
from typing import Any

from accounting.errors import Conflict
from marketplace import policy_versions, publishing
from marketplace.models import PolicyVersion, RightsDecision, RightsFinding, Source, User
from marketplace.registration import newest_version
from marketplace.rights.against_policy import differences
from marketplace.rights.drafts import narrowed
from marketplace.roles import EDITORS, require_role


def draft_policy(*, source: Source, now: datetime) -> dict[str, Any] | None:
    """The policy that holds, narrowed by every confirmed term; None where it allows no more than they."""
    policy = policy_versions.current(source, now)
    drafts = _drafts(source)
    if policy is None or not any(differences(draft, policy.plain) for draft in drafts):
        return None
    return narrowed(policy.plain, drafts)


def adopt(*, source: Source, acting_user: User, now: datetime) -> PolicyVersion:
    """Publish it. A policy that allows no more than the terms already is answered as it is."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    before = policy_versions.current(source, now)
    if before is None:
        raise Conflict(
            f"'{source.slug}' has no policy yet that terms could narrow.",
            code="no_policy",
            next_step="Publish a policy first; the findings then say what it allows against them.",
        )
    plain = draft_policy(source=source, now=now)
    if plain is None:
        return before
    return publishing.publish_policy(source=source, plain=plain, acting_user=acting_user, now=now)


def _drafts(source: Source) -> list[dict[str, Any]]:
    version = newest_version(source)
    applying = RightsFinding.objects.filter(reading__version=version, decision=RightsDecision.APPLIES)
    return list(applying.values_list("draft", flat=True)) if version else []
