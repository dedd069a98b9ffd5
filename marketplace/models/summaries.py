"""Where a partition lies in the encoder's space: a few vectors, by which the router shortlists sources.

Beside the partition and not in it, so that many are read without its manifest. What the numbers mean is the
engine's (`inference.net.summaries`).
"""

from django.db import models

from marketplace.models.training import Partition


class PartitionSummary(models.Model):
    """`vectors`: float16, row after row, as long as the encoder's dimensions say."""

    partition = models.OneToOneField(
        Partition, on_delete=models.CASCADE, primary_key=True, related_name="summary"
    )
    encoder_digest = models.CharField(max_length=64)
    vectors = models.BinaryField()

    class Meta:
        verbose_name_plural = "partition summaries"

    def __str__(self) -> str:
        return f"summary of partition {self.partition_id}"
