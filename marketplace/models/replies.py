"""What a POST with an Idempotency-Key was answered, so that a repeat gets the same answer."""

from django.db import models

from marketplace.models.people import Organisation


class KeptReply(models.Model):
    """The first success under a key; refusals are not kept, because what they name may change."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="kept_replies")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    location = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "kept replies"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="kept_reply_once_per_key"),
        ]

    def __str__(self) -> str:
        return f"reply of {self.organisation_id} to {self.key}"
