"""A choice's label with a second line that explains it, and whether it belongs below the one before it."""

from typing import Self


class Explained(str):
    """Text that templates can ask for `about` and `below`; everywhere else it is its title."""

    __slots__ = ("about", "below")

    about: str
    below: bool

    def __new__(cls, title: str, about: str = "", *, below: bool = False) -> Self:
        label = super().__new__(cls, title)
        label.about = about
        label.below = below
        return label
