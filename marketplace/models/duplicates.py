"""Sketches of versions, an index of their smallest marks, and what was found by comparing them.

All of it is made from the texts and can be made again. A source in the privacy regime has none of it.
"""

from django.db import models
from django.db.models import F, Q

from marketplace.models.sources import SourceVersion


class VersionSketch(models.Model):
    """`compared_at` None: its pairs are still to be found, after its marks can be seen by others."""

    version = models.OneToOneField(
        SourceVersion, on_delete=models.CASCADE, primary_key=True, related_name="sketch"
    )
    marks = models.JSONField(help_text="the smallest hashes of its runs of six words, ascending")
    made_at = models.DateTimeField()
    compared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"sketch of version {self.pk}"


class SketchMark(models.Model):
    """The very smallest marks of a sketch: two texts that share much share one of these."""

    sketch = models.ForeignKey(VersionSketch, on_delete=models.CASCADE, related_name="+")
    mark = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["mark", "sketch"], name="sketch_by_mark")]

    def __str__(self) -> str:
        return f"{self.mark} of {self.sketch_id}"


class Resemblance(models.Model):
    """Two versions of different sources whose texts overlap; `one` has the smaller id.

    Shares are of the own text that is in the other, between 0 and 1, with their standard errors; `marks` are
    what they rest on.
    """

    one = models.ForeignKey(SourceVersion, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(SourceVersion, on_delete=models.CASCADE, related_name="+")
    common = models.FloatField(help_text="share of the wording of both that is common (Jaccard)")
    share_of_one = models.FloatField()
    error_of_one = models.FloatField()
    marks_of_one = models.PositiveSmallIntegerField()
    share_of_other = models.FloatField()
    error_of_other = models.FloatField()
    marks_of_other = models.PositiveSmallIntegerField()
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["-common", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="resemblance_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="resemblance_in_order"),
        ]
        indexes = [models.Index(fields=["other"], name="resemblance_by_other")]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}"
