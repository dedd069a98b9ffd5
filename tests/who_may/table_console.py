"""Who may do what in the console: one line for each page beyond tables of rows, and for each button.

Written apart from the console's own table (marketplace/console/duties.py), so that a slip in it is found.
"""

from collections.abc import Mapping

from marketplace.models import Staff

OPERATOR, REVIEWER, FINANCE, AUDITOR = Staff.OPERATOR, Staff.POLICY_REVIEWER, Staff.FINANCE, Staff.AUDITOR
EVERYBODY = frozenset(Staff)
OPERATORS = frozenset({OPERATOR})
REVIEWERS = frozenset({OPERATOR, REVIEWER})
BOOKKEEPERS = frozenset({OPERATOR, FINANCE})
READERS = frozenset({OPERATOR, REVIEWER, AUDITOR})

Roles = Mapping[str, frozenset[Staff]]

# by `app_model`: who sees its rows
TABLES: Roles = {
    **dict.fromkeys(
        (
            "marketplace_source", "marketplace_sourceversion", "marketplace_document",
            "marketplace_policyversion", "marketplace_policycancellation", "marketplace_reviewitem",
            "marketplace_policytemplate", "marketplace_partition", "marketplace_job",
            "marketplace_windowbudget", "marketplace_budgetalert", "marketplace_requestcount",
            "marketplace_refusalcount", "marketplace_consumergroup", "marketplace_verifieddomain",
            "marketplace_domainclaim", "marketplace_sourcechange", "marketplace_rightsreading",
            "marketplace_rightsfinding", "marketplace_resemblance", "marketplace_versionsketch",
            "marketplace_zeroinfluence",
            "marketplace_agreement", "marketplace_agreementnotice", "marketplace_catalogueentry",
        ),
        READERS,
    ),
    "marketplace_organisation": EVERYBODY,
    **dict.fromkeys(
        (
            "marketplace_user", "marketplace_membership", "marketplace_invitation",
            "marketplace_staffrole", "marketplace_apikey",
            "marketplace_dayspendcap", "marketplace_keptreply", "accounting_auditevent", "accounting_seal",
            "inference_answer", "inference_sealedtranscript",
        ),
        frozenset({OPERATOR, AUDITOR}),
    ),
    **dict.fromkeys(
        (
            "accounting_account", "accounting_transfer", "accounting_hold", "accounting_holdline",
            "accounting_receipt", "accounting_receiptline", "accounting_operation", "accounting_topup",
            "accounting_topupclaim", "accounting_debt", "accounting_paymentevent", "accounting_refund",
            "accounting_payout",
        ),
        frozenset({OPERATOR, FINANCE, AUDITOR}),
    ),
}  # fmt: skip

# by the name of the address: who may press it, and open its dialog
ACTIONS: Roles = {
    "marketplace_reviewitem_approve": REVIEWERS,
    "marketplace_reviewitem_request_changes": REVIEWERS,
    "marketplace_reviewitem_reject": REVIEWERS,
    "marketplace_policytemplate_new": REVIEWERS,
    "marketplace_policytemplate_edit": REVIEWERS,
    "marketplace_policytemplate_remove": REVIEWERS,
    "marketplace_source_suspend": REVIEWERS,
    "marketplace_source_resume": REVIEWERS,
    "marketplace_job_cancel": OPERATORS,
    "marketplace_organisation_open_organisation": OPERATORS,
    "marketplace_organisation_set_role": OPERATORS,
    "marketplace_organisation_confirm_country": OPERATORS,
    "marketplace_consumergroup_open_group": OPERATORS,
    "marketplace_consumergroup_put_in": OPERATORS,
    "marketplace_consumergroup_take_out": OPERATORS,
    "marketplace_domainclaim_confirm": OPERATORS,
    "marketplace_organisation_suspend": OPERATORS,
    "marketplace_organisation_resume": OPERATORS,
    "marketplace_organisation_top_up": BOOKKEEPERS,
    "marketplace_apikey_suspend": OPERATORS,
    "marketplace_apikey_resume": OPERATORS,
    "marketplace_apikey_revoke": OPERATORS,
    "marketplace_user_grant_role": OPERATORS,
    "marketplace_user_revoke_role": OPERATORS,
    "accounting_payout_approve": BOOKKEEPERS,
    "accounting_payout_refuse": BOOKKEEPERS,
    "accounting_payout_mark_paid": BOOKKEEPERS,
    "accounting_payout_mark_returned": BOOKKEEPERS,
    "accounting_payout_as_csv": frozenset({OPERATOR, FINANCE, AUDITOR}),
    "accounting_receipt_refund": BOOKKEEPERS,
    "accounting_receipt_give_back_influence": BOOKKEEPERS,
}

# by the name of the address: the console's own pages
PAGES: Roles = {
    "audit-search": frozenset({OPERATOR, AUDITOR}),
    "audit-csv": frozenset({OPERATOR, AUDITOR}),
    "refusals": READERS,
    "refusals-csv": READERS,
    "purposes": READERS,
    "simulator": READERS,
    "compare": READERS,
    "template-new": REVIEWERS,
    "template-change": REVIEWERS,
}

# by `app_model`: what can be done to many rows, and who may
BULK: Mapping[str, Roles] = {
    "marketplace_reviewitem": dict.fromkeys(
        ("approve_many", "request_changes_many", "reject_many"), REVIEWERS
    ),
    "marketplace_source": dict.fromkeys(("suspend_many", "resume_many"), REVIEWERS),
    "marketplace_organisation": dict.fromkeys(("suspend_many", "resume_many"), OPERATORS),
    "marketplace_apikey": dict.fromkeys(("suspend_many", "resume_many", "revoke_many"), OPERATORS),
}
