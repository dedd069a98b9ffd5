"""When a policy is to hold: apart from the policy itself, because it is no term of it."""

from django import forms


class EffectiveForm(forms.Form):
    """Empty: from the next answer on."""

    effective_at = forms.DateTimeField(
        label="Takes effect",
        required=False,
        help_text="UTC. Empty: from the next answer on. Until its moment you can call the policy off.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
