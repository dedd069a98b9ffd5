"""How text is made comparable for searching: lower case, without accents, words and numbers only.

The same for what is searched in and for what is typed, on every database.
"""

import re
import unicodedata

MOST_TOKENS = 12
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def plain_words(*texts: str) -> str:
    """The words of all texts, each with a space before it: a word that begins with x is ' x' somewhere."""
    return "".join(f" {word}" for text in texts for word in _WORD.findall(_folded(text)))


def tokens(typed: str) -> tuple[str, ...]:
    """What was typed, as the beginnings of words that all have to occur."""
    return tuple(dict.fromkeys(_WORD.findall(_folded(typed))))[:MOST_TOKENS]


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one))
