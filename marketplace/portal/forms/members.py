"""Members: whom to invite and as what, and an account for somebody who accepts."""

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts

from marketplace.models import Role
from marketplace.portal.forms.choices import Explained

ROLES = [
    (Role.OWNER.value, Explained("Owner", "everything, with members, keys and withdrawing a source")),
    (Role.EDITOR.value, Explained("Editor", "sources, policies and training")),
    (Role.FINANCE.value, Explained("Finance", "top-ups and payouts")),
    (Role.VIEWER.value, Explained("Viewer", "reads, and changes nothing")),
]


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(label="As", choices=ROLES, widget=forms.RadioSelect, initial=Role.VIEWER.value)


class MemberRoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=ROLES)


class AccountForm(forms.Form):
    """A new account; the password is judged by the use case."""

    username = forms.CharField(label="User name", max_length=150, help_text="It stands in the audit log.")
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=" ".join(password_validators_help_texts()),
    )
