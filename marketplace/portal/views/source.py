"""One source: its page, its training, and the switches that turn it off and on."""

from functools import partial

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounting.errors import NotFound
from marketplace import listing, reviews, standing, training_jobs
from marketplace.catalogue.topics import MOST_TOPICS, TOPICS
from marketplace.duplicates.overlaps import overlaps_of
from marketplace.models import Job, Source, SourceVersion, Visibility, ZeroInfluence
from marketplace.models.training import LIVE_JOBS
from marketplace.off_states import off_states
from marketplace.policy import plain
from marketplace.policy.sentences import sentences
from marketplace.portal.actions import act
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures import budgets, earnings, privacy, training
from marketplace.portal.figures.rights import shown as rights_shown
from marketplace.portal.figures.sources import rows_of
from marketplace.portal.views.sources import own_source
from marketplace.rights import adopting, confirming

LINES = 5


@require_safe
@at_desk
def source(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    policy = plain.parse(found.policy.plain) if found.policy else None
    version = found.versions.order_by("-number").first()
    partition = training.partitions_of([found]).get(found.pk)
    return page(
        request,
        desk,
        "source.html",
        section="sources",
        source=found,
        row=rows_of([found])[0],
        review=reviews.newest_of(found),
        limits=policy.limits if policy else None,
        sentences=sentences(policy) if policy else [],
        budgets=budgets.of_source(found, private=bool(policy and policy.limits.privacy)),
        version=version,
        documents=_documents(version),
        partition=training.figures_of(partition) if partition else None,
        newer_version=bool(partition and version and partition.version_id != version.pk),
        job=training.latest_job(found),
        lines=earnings.shown(earnings.lines_of([found])[:LINES], [found]),
        topics=TOPICS.values(),
        most_topics=MOST_TOPICS,
        overlaps=overlaps_of(found),
        off_states=off_states(found),
        certificates=ZeroInfluence.objects.filter(source=found)[:LINES],
        visibilities=[(value, *label.split(": ", 1)) for value, label in Visibility.choices],
        **privacy.shown(found),
        **rights_shown(found, version, timezone.now()),
    )


@require_safe
@at_desk
def progress(_request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """How far the newest training is, for the bar that asks once a second."""
    job = training.latest_job(own_source(desk, slug))
    if job is None:
        raise NotFound("This source was never trained.")
    return JsonResponse(
        {"job": job.id, "state": job.state, "done": job.done, "total": job.total, "sentence": job.sentence}
    )


@require_POST
@at_desk
def train(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    call = partial(training_jobs.start_training, source=found, acting_user=desk.user, now=timezone.now())
    return act(request, call, done="Training has begun. You may close this page.", back=_page_of(found))


@require_POST
@at_desk
def cancel_training(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    job = Job.objects.filter(source=found, state__in=LIVE_JOBS).order_by("-id").first()
    if job is None:
        messages.info(request, "No training is under way.")
        return redirect(_page_of(found))
    call = partial(training_jobs.cancel_job, job=job, acting_user=desk.user, now=timezone.now())
    return act(request, call, done="The training was cancelled.", back=_page_of(found))


@require_POST
@at_desk
def rights(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """The owner's word on one term that an uploaded text states."""
    found, posted = own_source(desk, slug), request.POST
    named = posted.get("finding", "")
    call = partial(
        confirming.confirm, source=found, findings=[int(named)] if named.isdecimal() else [],
        decision=posted.get("decision", ""), note=posted.get("note", ""), acting_user=desk.user,
        now=timezone.now(),
    )  # fmt: skip
    return act(request, call, done="Your decision is kept.", back=f"{_page_of(found)}#rights")


@require_POST
@at_desk
def adopt_rights(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """The terms that apply become clauses of the next version of the policy."""
    found = own_source(desk, slug)
    call = partial(adopting.adopt, source=found, acting_user=desk.user, now=timezone.now())
    return act(
        request, call, done="Published: the policy keeps to the terms of your texts.", back=_page_of(found)
    )


@require_POST
@at_desk
def suspend(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found, reason = own_source(desk, slug), request.POST.get("reason", "").strip()
    call = partial(standing.suspend, source=found, reason=reason, acting_user=desk.user, now=timezone.now())
    return act(
        request, call, done=f"{found.title} is suspended: it does not vote for now.", back=_page_of(found)
    )


@require_POST
@at_desk
def resume(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    call = partial(standing.resume, source=found, acting_user=desk.user, now=timezone.now())
    return act(request, call, done=f"{found.title} may vote again.", back=_page_of(found))


@require_POST
@at_desk
def withdraw(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """For good, so the short name has to be typed."""
    found, reason = own_source(desk, slug), request.POST.get("reason", "").strip()
    if request.POST.get("confirm", "").strip() != found.slug:
        messages.error(request, f"Nothing was withdrawn: type {found.slug} to confirm.")
        return redirect(_page_of(found))
    call = partial(standing.withdraw, source=found, reason=reason, acting_user=desk.user, now=timezone.now())
    return act(request, call, done=f"{found.title} is withdrawn: it never votes again.", back=_page_of(found))


@require_POST
@at_desk
def visibility(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found, wanted = own_source(desk, slug), request.POST.get("visibility", "")
    call = partial(
        listing.set_visibility, source=found, visibility=wanted, acting_user=desk.user, now=timezone.now()
    )
    return act(request, call, done="From now on the source is listed as chosen.", back=_page_of(found))


@require_POST
@at_desk
def topics(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found, chosen = own_source(desk, slug), request.POST.getlist("topic")
    call = partial(listing.set_topics, source=found, topics=chosen, acting_user=desk.user, now=timezone.now())
    return act(request, call, done="From now on it is found under these topics.", back=_page_of(found))


def _documents(version: SourceVersion | None) -> dict[str, int]:
    if version is None:
        return {"count": 0, "bytes": 0}
    sums = version.documents.aggregate(count=Count("id"), bytes=Sum("size"))
    return {"count": sums["count"], "bytes": sums["bytes"] or 0}


def _page_of(found: Source) -> str:
    return reverse("portal:source", args=[found.slug])
