"""Who may see and do what in the console: one table, from which every page and every button follows.

An operator may do all of it and stands in no row. Names are those of Django's permissions (`app.view_model`),
or of an action. Hiding and refusing a page is all that this does: use cases check the role again.
"""

from collections.abc import Iterable

from marketplace.models import Staff, User
from marketplace.roles import staff_roles_of

REVIEWER, FINANCE, AUDITOR = Staff.POLICY_REVIEWER, Staff.FINANCE, Staff.AUDITOR

_POLICIES = (
    "source sourceversion document policyversion reviewitem policytemplate partition job windowbudget "
    "budgetalert requestcount refusalcount consumergroup verifieddomain domainclaim policycancellation "
    "sourcechange rightsreading rightsfinding resemblance versionsketch agreement agreementnotice "
    "catalogueentry zeroinfluence"
)
_PEOPLE = "user membership invitation staffrole apikey dayspendcap keptreply"
_BOOKS = (
    "account transfer hold holdline receipt receiptline operation topup topupclaim debt paymentevent refund "
    "payout"
)


def _seen(app: str, models: str, *roles: Staff) -> dict[str, frozenset[Staff]]:
    return {f"{app}.view_{model}": frozenset(roles) for model in models.split()}


_TABLE: dict[str, frozenset[Staff]] = {
    **_seen("marketplace", _POLICIES, REVIEWER, AUDITOR),
    **_seen("marketplace", "organisation", REVIEWER, FINANCE, AUDITOR),
    **_seen("marketplace", _PEOPLE, AUDITOR),
    **_seen("accounting", _BOOKS, FINANCE, AUDITOR),
    **_seen("accounting", "auditevent seal", AUDITOR),
    **_seen("inference", "answer sealedtranscript", AUDITOR),
    "marketplace.decide_review": frozenset({REVIEWER}),
    "marketplace.keep_templates": frozenset({REVIEWER}),
    "marketplace.suspend_source": frozenset({REVIEWER}),
    "marketplace.simulate_policy": frozenset({REVIEWER, AUDITOR}),
    "marketplace.see_purposes": frozenset({REVIEWER, AUDITOR}),
    "marketplace.see_refusals": frozenset({REVIEWER, AUDITOR}),
    "marketplace.top_up": frozenset({FINANCE}),
    "accounting.decide_payout": frozenset({FINANCE}),
    "accounting.refund": frozenset({FINANCE}),
    "marketplace.suspend_consumer": frozenset(),
    "marketplace.suspend_key": frozenset(),
    "marketplace.revoke_key": frozenset(),
    "marketplace.cancel_job": frozenset(),
    "marketplace.open_organisation": frozenset(),
    "marketplace.set_role": frozenset(),
    "marketplace.confirm_facts": frozenset(),
    "marketplace.keep_groups": frozenset(),
    "marketplace.grant_staff": frozenset(),
    "marketplace.add_user": frozenset(),
    "marketplace.change_user": frozenset(),
}
DUTIES = {what: frozenset({Staff.OPERATOR}) | roles for what, roles in _TABLE.items()}


def duties_of(user: User) -> frozenset[str]:
    """Everything that the person may see and do in the console."""
    return allowed_to(staff_roles_of(user))


def allowed_to(roles: Iterable[Staff]) -> frozenset[str]:
    held = frozenset(roles)
    return frozenset(what for what, who in DUTIES.items() if not who.isdisjoint(held))
