"""Six policies to start from, as this version ships them. What reviewers change later stays changed."""

from django.db import migrations

SHIPPED = (
    {
        "slug": "open-research",
        "title": "Open for research and teaching",
        "description": "Everybody may use it for research and education, free of charge, up to a limit for life.",
        "plain": {
            "regime": "measurement",
            "purposes": {"allow": ["research", "education"], "deny": ["market-research"]},
            "consumers": {"allow": ["*"]},
            "price_micro_usd_per_nat": 0,
            "influence_nats": {"per_answer": 200, "per_consumer_day": 5000, "lifetime": 1000000},
        },
    },
    {
        "slug": "commercial-per-nat",
        "title": "Commercial use, paid by influence",
        "description": "Everybody may use it for everything but advertising; each nat of influence is paid, research at a tenth of the price.",
        "plain": {
            "regime": "measurement",
            "purposes": {"allow": ["*"], "deny": ["advertising"]},
            "consumers": {"allow": ["*"]},
            "price_micro_usd_per_nat": 200,
            "floor_price_micro_usd": 20,
            "prices": [{"purpose": "research", "price_micro_usd_per_nat": 20}],
            "influence_nats": {"per_answer": 200, "per_consumer_day": 20000, "lifetime": 10000000},
        },
    },
    {
        "slug": "quotation-with-notice",
        "title": "Quotation allowed, with a notice",
        "description": "Passages may be quoted where a notice names the source; for journalism, research and public service.",
        "plain": {
            "regime": "measurement",
            "purposes": {"allow": ["journalism", "research", "public-service"]},
            "consumers": {"allow": ["*"]},
            "price_micro_usd_per_nat": 100,
            "quote": True,
            "attribution_notice": "Replace this: say how your source wants to be named.",
            "influence_nats": {"per_answer": 200, "per_consumer_day": 10000, "lifetime": 2000000},
        },
    },
    {
        "slug": "approval-required",
        "title": "Only whom I approve",
        "description": "Everybody may ask for an agreement and states a purpose; nobody is answered before you approve.",
        "plain": {
            "regime": "measurement",
            "purposes": {"allow": ["*"]},
            "consumers": {"allow": ["*"]},
            "approval": "required",
            "price_micro_usd_per_nat": 100,
            "influence_nats": {"per_answer": 200, "per_consumer_day": 10000, "lifetime": 1000000},
        },
    },
    {
        "slug": "privacy",
        "title": "Private answers with a guaranteed bound",
        "description": "It votes in private answers only: every answer is charged a public bound, and the lifetime budget is a guarantee.",
        "plain": {
            "regime": "privacy",
            "purposes": {"allow": ["research", "public-service"]},
            "consumers": {"allow": ["*"]},
            "price_micro_usd_per_nat": 1000000,
            "quote": False,
            "privacy": {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6},
        },
    },
    {
        "slug": "measurement-pilot",
        "title": "Measurement-only pilot",
        "description": "Free and small: a quarter of a vote, for evaluation only, to see what your source moves before you set a price.",
        "plain": {
            "regime": "measurement",
            "purposes": {"allow": ["evaluation"]},
            "consumers": {"allow": ["*"]},
            "price_micro_usd_per_nat": 0,
            "max_gamma": 0.25,
            "influence_nats": {"per_answer": 50, "per_consumer_day": 500, "lifetime": 20000},
        },
    },
)


def ship(apps, _schema_editor):
    templates = apps.get_model("marketplace", "PolicyTemplate")
    for number, template in enumerate(SHIPPED, start=1):
        templates.objects.get_or_create(slug=template["slug"], defaults={**template, "order": 10 * number})


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0019_reason_of_revocation")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
