"""Asking for the use of a source: which one, what for, and in one's own words why."""

from django import forms

from marketplace.agreements import LONGEST_STATEMENT
from marketplace.policy.purposes import PURPOSES


class AccessForm(forms.Form):
    """One request."""

    source = forms.SlugField(max_length=64, label="Source", help_text="Its short name, as in the catalogue.")
    purpose = forms.ChoiceField(label="Purpose", choices=[(one.slug, one.title) for one in PURPOSES.values()])
    statement = forms.CharField(
        label="What you need it for",
        required=False,
        max_length=LONGEST_STATEMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Its owner reads this where approval is needed.",
    )
