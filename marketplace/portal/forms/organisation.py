"""The organisation itself: opening one, where it is at home, and which domains are its own."""

from django import forms

from marketplace.policy.countries import COUNTRIES


class NewOrganisationForm(forms.Form):
    name = forms.CharField(max_length=200, help_text="As it stands in receipts and in the catalogue.")
    slug = forms.CharField(
        label="Short name",
        max_length=64,
        help_text="Lower-case letters, digits and hyphens. Policies name it so; it never changes.",
    )


class CountryForm(forms.Form):
    country = forms.ChoiceField(
        label="At home in",
        required=False,
        choices=[("", "not said"), *sorted(COUNTRIES.items(), key=lambda one: one[1])],
        help_text="Policies know it once an operator has confirmed it; until then it is unknown to them.",
    )


class DomainForm(forms.Form):
    domain = forms.CharField(label="Domain", max_length=253, help_text="For example uni.example.org.")
