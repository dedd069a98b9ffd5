"""Every typed word begins a word of the text: one meaning, in the way each database does it fast.

PostgreSQL keeps each column parsed beside it (`<column>_search`, made by a migration), under a full-text
index; SQLite looks through the rows. Both compare what `marketplace.catalogue.words` has folded.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, F, Func


class BeginsWords(Func):
    """True where each of `tokens` (folded, words and numbers only) begins a word of `column`."""

    output_field = BooleanField()

    def __init__(self, column: str, tokens: Sequence[str]) -> None:
        super().__init__(F(column))
        self.tokens = tuple(tokens)

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.tokens)

    def as_postgresql(self, compiler: Any, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        text: Any = self.source_expressions[0]  # a column of a table, once it is resolved
        table = compiler.quote_name_unless_alias(text.alias)
        parsed = compiler.quote_name_unless_alias(f"{text.target.column}_search")
        wanted = " & ".join(f"{token}:*" for token in self.tokens)
        return f"{table}.{parsed} @@ to_tsquery('simple', %s)", (wanted,)

    def as_sql(self, compiler: Any, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = compiler.compile(self.source_expressions[0])
        each = " AND ".join(f"{column} LIKE %s" for _ in self.tokens)
        return f"({each})", tuple(one for token in self.tokens for one in (*params, f"% {token}%"))
