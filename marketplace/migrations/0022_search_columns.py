"""On PostgreSQL the words of the catalogue are parsed once, when a row is written, and not at every search."""

from django.db import migrations

COLUMNS = {"entry_card_words": "card_words", "entry_words": "words"}


def keep_parsed(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index, column in COLUMNS.items():
            schema_editor.execute(f"DROP INDEX {index}")
            schema_editor.execute(
                f"ALTER TABLE marketplace_catalogueentry ADD COLUMN {column}_search tsvector "
                f"GENERATED ALWAYS AS (to_tsvector('simple', {column})) STORED"
            )
            schema_editor.execute(
                f"CREATE INDEX {index} ON marketplace_catalogueentry USING gin ({column}_search)"
            )


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0021_sign_in_round'),
    ]

    operations = [
        migrations.RunPython(keep_parsed, migrations.RunPython.noop),
    ]
