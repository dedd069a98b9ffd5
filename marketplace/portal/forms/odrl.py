"""Importing an ODRL offer from a file."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

MOST_BYTES = 1024 * 1024


class OfferForm(forms.Form):
    offer = forms.FileField(
        label="ODRL offer",
        help_text="A .jsonld or .json file with one offer for this source.",
        error_messages={"required": "Choose a file with an offer."},
        widget=forms.ClearableFileInput(
            attrs={"accept": ".jsonld,.json,application/ld+json,application/json"}
        ),
    )

    def clean_offer(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["offer"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("An offer has at most 1 MB.")
        return file
