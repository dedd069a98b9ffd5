"""Database constraints that several tables share: a state is one of its known values."""

from django.db import models
from django.db.models import Q


def one_of(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """The database itself refuses a value that the code has no meaning for."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": list(choices.values)}), name=name)


def not_negative(*fields: str, name: str) -> models.CheckConstraint:
    condition = Q()
    for field in fields:
        condition &= Q(**{f"{field}__gte": 0})
    return models.CheckConstraint(condition=condition, name=name)
