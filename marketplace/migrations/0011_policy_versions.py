"""Policy versions get a moment from which they hold; those on record held from their publishing on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery

RULE = "marketplace_policyversion_update_rule"


def open_versions(apps, schema_editor):
    """What is written once makes way for the new columns; the rule comes back after every migrate."""
    on_table = "" if schema_editor.connection.vendor == "sqlite" else " ON marketplace_policyversion"
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {RULE}{on_table}")


def date_them(apps, schema_editor):
    apps.get_model("marketplace", "PolicyVersion").objects.update(effective_at=F("published_at"))


def chain_them(apps, schema_editor):
    versions = apps.get_model("marketplace", "PolicyVersion").objects
    before = versions.filter(source=OuterRef("source"), number=OuterRef("number") - 1)
    versions.filter(number__gt=1).update(replaces=Subquery(before.values("pk")[:1]))
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # indexes wait for checks that wait


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0010_what_changed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(open_versions, migrations.RunPython.noop),
        migrations.AddField(
            model_name='policyversion',
            name='effective_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(date_them, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='policyversion',
            name='effective_at',
            field=models.DateTimeField(help_text='from when it is in force, unless it is called off before'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='replaces',
            field=models.ForeignKey(blank=True, help_text='the version in force when it was published: what its differences are told against', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.policyversion'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(('effective_at__gte', models.F('published_at'))), name='policy_not_in_force_before_published'),
        ),
        migrations.CreateModel(
            name='PolicyCancellation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('cancelled_at', models.DateTimeField()),
                ('cancelled_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='cancellation', to='marketplace.policyversion')),
            ],
        ),
        migrations.AddField(
            model_name='source',
            name='next_policy',
            field=models.ForeignKey(blank=True, help_text='published, and in force from next_policy_at on', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.policyversion'),
        ),
        migrations.AddField(
            model_name='source',
            name='next_policy_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='source',
            index=models.Index(condition=models.Q(('next_policy_at__isnull', False)), fields=['next_policy_at'], name='source_policy_to_come'),
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_policy__isnull', True), ('next_policy_at__isnull', True)), models.Q(('next_policy__isnull', False), ('next_policy_at__isnull', False)), _connector='OR'), name='source_next_policy_has_its_moment'),
        ),
        migrations.RunPython(chain_them, migrations.RunPython.noop),
    ]
