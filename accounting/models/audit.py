"""Who changed what: one row per write that is not a ledger transfer (those are their own audit)."""

from django.db import models


class AuditEvent(models.Model):
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=200, db_index=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    organisation_slug = models.CharField(max_length=100, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject}"
