"""An index for tables that only grow: on PostgreSQL a BRIN one, which costs a writer next to nothing."""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class ByTimeOfArrival(models.Index):
    """Over a column that grows with the table; finds a span of time, not a single row."""

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Any:
        using = " USING brin" if schema_editor.connection.vendor == "postgresql" else using
        return super().create_sql(model, schema_editor, using, **kwargs)
