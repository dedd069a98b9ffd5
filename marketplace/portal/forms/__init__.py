"""What people type into the portal, checked before a use case sees it."""

from marketplace.portal.forms.agreements import AccessForm
from marketplace.portal.forms.effective import EffectiveForm
from marketplace.portal.forms.keys import CapsForm, KeyForm, RotateForm
from marketplace.portal.forms.members import AccountForm, InvitationForm, MemberRoleForm
from marketplace.portal.forms.odrl import OfferForm
from marketplace.portal.forms.organisation import CountryForm, DomainForm, NewOrganisationForm
from marketplace.portal.forms.payouts import PayoutForm
from marketplace.portal.forms.policy import PolicyForm
from marketplace.portal.forms.sources import DocumentsForm, SourceForm
from marketplace.portal.forms.trials import ReplayForm, TrialForm
from marketplace.portal.forms.wallet import TopUpForm

__all__ = [
    "AccessForm",
    "AccountForm",
    "CapsForm",
    "CountryForm",
    "DocumentsForm",
    "DomainForm",
    "EffectiveForm",
    "InvitationForm",
    "KeyForm",
    "MemberRoleForm",
    "NewOrganisationForm",
    "OfferForm",
    "PayoutForm",
    "PolicyForm",
    "ReplayForm",
    "RotateForm",
    "SourceForm",
    "TopUpForm",
    "TrialForm",
]
