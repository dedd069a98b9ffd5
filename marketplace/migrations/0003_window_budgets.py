"""The day budgets of consumers become one kind of window budget; their accounts stay what they are."""

from datetime import UTC, datetime, time

import django.db.models.deletion
from django.db import migrations, models


def start_days(apps, schema_editor):
    WindowBudget = apps.get_model("marketplace", "WindowBudget")
    for row in WindowBudget.objects.all().iterator(chunk_size=1000):
        row.starts_at = datetime.combine(row.day, time(), tzinfo=UTC)
        row.save(update_fields=["starts_at"])


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0002_kept_replies")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="paused_budgets",
            field=models.JSONField(
                blank=True, default=dict, help_text="by the name of the budget: who paused it, when and why"
            ),
        ),
        migrations.RemoveConstraint(model_name="daybudget", name="day_budget_once"),
        migrations.RemoveConstraint(model_name="daybudget", name="day_budget_limit_not_negative"),
        migrations.RenameModel(old_name="DayBudget", new_name="WindowBudget"),
        migrations.AddField(
            model_name="windowbudget",
            name="per",
            field=models.CharField(
                choices=[("hour", "Hour"), ("day", "Day"), ("month", "Month")], default="day", max_length=8
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="windowbudget",
            name="kind",
            field=models.CharField(
                choices=[
                    ("calendar", "Calendar: begins empty each time"),
                    ("rolling", "Rolling: any stretch of that length"),
                ],
                default="calendar",
                max_length=8,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="windowbudget", name="starts_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(start_days, migrations.RunPython.noop),
        migrations.AlterModelOptions(
            name='windowbudget',
            options={'ordering': ['-starts_at', 'source_id', 'id']},
        ),
        migrations.RemoveField(
            model_name='windowbudget',
            name='day',
        ),
        migrations.AddField(
            model_name='windowbudget',
            name='marks',
            field=models.JSONField(blank=True, default=list, help_text='rolling: [seconds, nano-nats spent by then], oldest first'),
        ),
        migrations.AddField(
            model_name='windowbudget',
            name='next_roll_at',
            field=models.DateTimeField(blank=True, help_text='rolling: None while nothing is spent', null=True),
        ),
        migrations.AddField(
            model_name='windowbudget',
            name='paused',
            field=models.BooleanField(default=False, help_text='its account is stated to give nothing for now'),
        ),
        migrations.AddField(
            model_name='windowbudget',
            name='returned_nano_nats',
            field=models.BigIntegerField(default=0, help_text='rolling: what was spent and given back since, because it is older than the window'),
        ),
        migrations.AddField(
            model_name='windowbudget',
            name='rolled_at',
            field=models.DateTimeField(blank=True, help_text='rolling: when a mark was last looked at', null=True),
        ),
        migrations.AddField(
            model_name='windowbudget',
            name='used_at',
            field=models.DateTimeField(blank=True, help_text='rolling: when an answer last came, roughly', null=True),
        ),
        migrations.AlterField(
            model_name='windowbudget',
            name='consumer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='window_budgets', to='marketplace.organisation'),
        ),
        migrations.AlterField(
            model_name='windowbudget',
            name='limit_nano_nats',
            field=models.BigIntegerField(help_text='as stated to the account; follows the policy in force'),
        ),
        migrations.AlterField(
            model_name='windowbudget',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='window_budgets', to='marketplace.source'),
        ),
        migrations.AddIndex(
            model_name='windowbudget',
            index=models.Index(condition=models.Q(('next_roll_at__isnull', False)), fields=['next_roll_at'], name='window_budget_to_roll'),
        ),
        migrations.AddConstraint(
            model_name='windowbudget',
            constraint=models.UniqueConstraint(condition=models.Q(('consumer__isnull', False), ('starts_at__isnull', False)), fields=('source', 'consumer', 'per', 'kind', 'starts_at'), name='window_budget_once_a_period'),
        ),
        migrations.AddConstraint(
            model_name='windowbudget',
            constraint=models.UniqueConstraint(condition=models.Q(('consumer__isnull', True), ('starts_at__isnull', False)), fields=('source', 'per', 'kind', 'starts_at'), name='window_budget_of_all_once_a_period'),
        ),
        migrations.AddConstraint(
            model_name='windowbudget',
            constraint=models.UniqueConstraint(condition=models.Q(('consumer__isnull', False), ('starts_at__isnull', True)), fields=('source', 'consumer', 'per'), name='window_budget_rolling_once'),
        ),
        migrations.AddConstraint(
            model_name='windowbudget',
            constraint=models.UniqueConstraint(condition=models.Q(('consumer__isnull', True), ('starts_at__isnull', True)), fields=('source', 'per'), name='window_budget_rolling_of_all_once'),
        ),
        migrations.AddConstraint(
            model_name='windowbudget',
            constraint=models.CheckConstraint(condition=models.Q(('per__in', ['hour', 'day', 'month'])), name='window_budget_per_known'),
        ),
        migrations.AddConstraint(
            model_name='windowbudget',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'calendar'), ('returned_nano_nats', 0), ('starts_at__isnull', False)), models.Q(('kind', 'rolling'), ('starts_at__isnull', True)), _connector='OR'), name='window_budget_calendar_has_a_start'),
        ),
        migrations.AddConstraint(
            model_name='windowbudget',
            constraint=models.CheckConstraint(condition=models.Q(('limit_nano_nats__gte', 0), ('returned_nano_nats__gte', 0)), name='window_budget_not_negative'),
        ),
    ]
