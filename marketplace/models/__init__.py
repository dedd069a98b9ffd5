"""The rows of WHO and WHAT, one module per noun."""

from marketplace.models.people import User

__all__ = ["User"]
