"""Registering a source and uploading documents."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import slugify

RESERVED = frozenset({"new"})  # addresses beside /sources/{slug}


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """A file field that takes several files; cleans to a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            super().clean(None, initial)
        return [super(ManyFilesField, self).clean(file, initial) for file in files]


def documents_field() -> ManyFilesField:
    limit = settings.UPLOAD_LIMIT_BYTES
    return ManyFilesField(
        label="Documents",
        help_text=f"One or more .txt or .md files in UTF-8, together at most {limit // (1024 * 1024)} MB. "
        "Drop them here or choose them.",
        error_messages={"required": "Choose at least one .txt or .md file."},
        widget=ManyFiles(attrs={"accept": ".txt,.md,text/plain,text/markdown", "data-limit": limit}),
    )


class DocumentsForm(forms.Form):
    """More documents for a source: they make its next version."""

    documents = documents_field()


class SourceForm(forms.Form):
    """A new source. The short name may be left empty: it is made from the title."""

    title = forms.CharField(
        max_length=200, help_text="What buyers see, for example “Field notes on alpine plants”."
    )
    slug = forms.SlugField(
        label="Short name",
        max_length=64,
        required=False,
        help_text="Lower-case letters, digits and hyphens. Buyers name the source by it: it never changes. "
        "Left empty, it is made from the title.",
    )
    description = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What the text is about and how it came to be. Public once the source is live.",
    )
    license = forms.CharField(
        label="Licence",
        max_length=100,
        required=False,
        help_text="Under which terms others may use what is quoted, for example CC-BY-4.0.",
    )
    documents = documents_field()

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED:
            raise forms.ValidationError(f"“{slug}” is an address of this site. Choose another short name.")
        return slug

    def short_name(self) -> str:
        """The slug as typed, or one made from the title."""
        typed: str = self.cleaned_data["slug"]
        return typed or slugify(self.cleaned_data["title"])[:64].strip("-")
