"""The market's part of the console's first page: are the books even, what failed, what waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from accounting import ledger
from accounting.models import AuditEvent, Hold, HoldState
from accounting.sealing import checking, heads
from accounting.words import dollars, nats
from marketplace.models import Job, JobState, Organisation, Source, SourceState

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class BookFigures:
    """One asset's debits and credits over all accounts, and whether they are the same."""

    asset: str
    debits: str
    credits: str
    difference: str
    even: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its unit and where its rows are."""

    title: str
    value: str
    about: str
    link: str
    alarming: bool = False


def books() -> tuple[BookFigures, ...]:
    """The trial balance per asset: rule 1 of the ledger says that debits are credits."""
    shown = []
    for asset, (debits, credited) in ledger.trial_balance().items():
        write = dollars if asset == "micro_usd" else nats
        shown.append(
            BookFigures(
                asset="Money, US dollars" if asset == "micro_usd" else "Influence, nats",
                debits=write(debits),
                credits=write(credited),
                difference=write(debits - credited),
                even=debits == credited,
            )
        )
    return tuple(shown)


def tiles(*, now: datetime) -> list[Tile]:
    return [_open_holds(now), *_jobs(now), _sources(), _chain()]


def latest_events() -> list[AuditEvent]:
    return list(AuditEvent.objects.order_by("-at", "-pk")[:12])


def _open_holds(now: datetime) -> Tile:
    open_holds = Hold.objects.filter(state=HoldState.OPEN)
    sums = open_holds.aggregate(count=Count("pk"), held=Sum("held_micro_usd"))
    overdue = open_holds.filter(expires_at__lt=now).count()
    about = f"{dollars(sums['held'] or 0)} held" + (f", {overdue} past their end" if overdue else "")
    return Tile(
        "Open holds", f"{sums['count']:,}", about, "/admin/accounting/hold/?state__exact=open", overdue > 0
    )


def _jobs(now: datetime) -> list[Tile]:
    counts = dict(Job.objects.values_list("state").annotate(count=Count("pk")).order_by())
    failed = Job.objects.filter(state=JobState.FAILED, finished_at__gte=now - LATELY).count()
    jobs = "/admin/marketplace/job/?state__exact="
    return [
        Tile("Failed trainings", f"{failed:,}", "in the last 7 days", f"{jobs}failed", failed > 0),
        Tile(
            "Trainings waiting",
            f"{counts.get(JobState.QUEUED, 0):,}",
            f"{counts.get(JobState.RUNNING, 0):,} running",
            f"{jobs}queued",
        ),
    ]


def _sources() -> Tile:
    counts = dict(Source.objects.values_list("state").annotate(count=Count("pk")).order_by())
    live, suspended = counts.get(SourceState.LIVE, 0), counts.get(SourceState.SUSPENDED, 0)
    about = f"{suspended:,} suspended, {Organisation.objects.count():,} organisations"
    return Tile("Live sources", f"{live:,}", about, "/admin/marketplace/source/")


def _chain() -> Tile:
    """How far the audit log is sealed, and what the last comparison with the seals said."""
    head, last = heads.newest("audit"), checking.last_verification()
    sealed = head.first_position + head.count - 1 if head else 0
    found = (last.after or {}).get("findings", 0) if last else 0
    verdict = f"{found:,} findings" if found else "nothing found"
    verified = f"verified {last.at:%-d %b, %H:%M} UTC: {verdict}" if last else "never verified"
    about = f"head {head.head[:12]}, {verified}" if head else verified
    return Tile("Audit events sealed", f"{sealed:,}", about, "/admin/accounting/seal/", alarming=found > 0)
