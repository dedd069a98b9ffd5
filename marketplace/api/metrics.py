"""/metrics in Prometheus's text format: this process, and what waits or lives in the market.

The counts are read when they are asked for, so that every process tells the same.
"""

from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import CollectorRegistry, GaugeMetricFamily
from prometheus_client.registry import Collector

from accounting.models import Hold, HoldState
from marketplace.models import Job, JobState, Source, SourceState


class MarketCollector(Collector):
    """Sources and jobs by state, and the holds that are open."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        sources = dict(Source.objects.order_by().values_list("state").annotate(Count("pk")))
        jobs = dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))
        yield _by_state("market_sources", "Sources by state", sources, SourceState.values)
        yield _by_state("market_jobs", "Training jobs by state", jobs, JobState.values)
        holds = GaugeMetricFamily("market_open_holds", "Answers that hold money and nats now")
        holds.add_metric([], Hold.objects.filter(state=HoldState.OPEN).count())
        yield holds


def _by_state(name: str, words: str, counts: dict[str, int], states: list[str]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=["state"])
    for state in states:
        family.add_metric([state], counts.get(state, 0))
    return family


MARKET = CollectorRegistry()
MARKET.register(MarketCollector())


def metrics(_request: HttpRequest) -> HttpResponse:
    """The process's own figures stay readable while the database is not."""
    body = generate_latest(REGISTRY)
    try:
        body += generate_latest(MARKET)
    except DatabaseError:
        body += b"# the database does not answer\n"
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)
