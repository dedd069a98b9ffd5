"""Who acts: a person who signs in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person. What a person may do follows from memberships, never from the person alone."""
