"""Policies to start from: kept by policy reviewers, offered to owners, in the plain form."""

from django.db import models


class PolicyTemplate(models.Model):
    """A policy that an owner may begin with. Using it copies it: a later change touches no source."""

    slug = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=300, help_text="for whom it is, in one or two sentences")
    plain = models.JSONField(help_text="the policy in its plain form")
    active = models.BooleanField(default=True, help_text="whether owners are offered it")
    order = models.PositiveSmallIntegerField(default=100, help_text="smaller stands first")

    class Meta:
        ordering = ["order", "slug"]

    def __str__(self) -> str:
        return self.title
