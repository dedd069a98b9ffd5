"""/v1/sources/{slug}/train and /v1/jobs: ask for training, follow it, call it off."""

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import NotFound
from marketplace import training_jobs
from marketplace.api.base import MarketView
from marketplace.api.caller import Caller, caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import repeatable
from marketplace.api.rows import JobOut, PartitionOut
from marketplace.api.schema import StrictSerializer, paged, problems
from marketplace.models import Job, Partition
from marketplace.visibility import own_source


class TrainIn(StrictSerializer):
    adapter_tokens = serializers.IntegerField(
        required=False, min_value=1, help_text="tokens the adapter learns from; a default applies"
    )


class Train(MarketView):
    write_scope = "training"

    @extend_schema(
        summary="Train the newest version",
        description="The same wish again answers the job that is under way or done.",
        request=TrainIn,
        responses={202: JobOut, **problems(400, 403, 404, 409, 422)},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        wish = self.body(request, TrainIn)
        job = training_jobs.start_training(source=source, acting_user=caller.user, now=timezone.now(), **wish)
        job.refresh_from_db()
        return Response(JobOut(job).data, status=202, headers={"Location": f"/v1/jobs/{job.pk}"})


class Partitions(MarketView):
    @extend_schema(
        summary="The partitions of a source",
        parameters=MarketView.page_parameters,
        responses={200: paged(PartitionOut, "Partition"), **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        rows = Partition.objects.filter(source=source).select_related("version")
        return page(request=request, view=self, rows=rows, serializer=PartitionOut)


class Jobs(MarketView):
    @extend_schema(
        operation_id="jobs_list",
        summary="The organisation's jobs, newest first",
        parameters=MarketView.page_parameters,
        responses={200: paged(JobOut, "Job"), **problems()},
    )
    def get(self, request: Request) -> Response:
        rows = _own_jobs(caller_of(request))
        return page(request=request, view=self, rows=rows, serializer=JobOut)


class OneJob(MarketView):
    @extend_schema(summary="A job", responses={200: JobOut, **problems(404)})
    def get(self, request: Request, job_id: int) -> Response:
        return Response(JobOut(_own_job(caller_of(request), job_id)).data)


class CancelJob(MarketView):
    write_scope = "training"

    @extend_schema(summary="Cancel a job", request=None, responses={200: JobOut, **problems(403, 404, 409)})
    @repeatable
    def post(self, request: Request, job_id: int) -> Response:
        caller = caller_of(request)
        job = training_jobs.cancel_job(
            job=_own_job(caller, job_id), acting_user=caller.user, now=timezone.now()
        )
        return Response(JobOut(job).data)


def _own_jobs(caller: Caller) -> QuerySet[Job]:
    own = Job.objects.filter(source__organisation=caller.organisation)
    return caller.own_only(own, "source__slug").select_related("source__organisation", "version")


def _own_job(caller: Caller, job_id: int) -> Job:
    job = _own_jobs(caller).filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id} that you may know of.")
    return job
