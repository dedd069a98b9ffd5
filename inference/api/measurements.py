"""What is measured of an earlier answer: /v1/receipts/{id}/tokens, /attribution and /total-effect.

For the buyer alone, while the transcript is kept. A private answer has neither, and says so.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Invalid
from accounting.models import Receipt
from inference import intake, receipts, total_effect
from inference.api.base import AskingView, all_events
from inference.api.schema import AttributionOut, SetsIn, TokensOut, TotalEffectIn, TotalEffectOut
from inference.fields import refuse
from inference.obstacles import Obstacle, obstacle_to_replay
from inference.token_rows import MEASURES, MOST_CELLS
from marketplace import tables
from marketplace.api.schema import problems
from marketplace.streaming import streamed

MOST_FIRST = 10**6

COLUMNS = ("index", "text", "log_probability", "source", "gamma_effective", *MEASURES)


class MeasuringView(AskingView):
    scope = "receipts"

    def receipt(self, request: Request, receipt_id: UUID) -> Receipt:
        """The buyer's own; refused, with the reason, where it cannot be measured again."""
        seen = receipts.seen_by(organisation=self.caller(request).organisation, receipt_id=receipt_id)
        seen.require_whole()
        obstacle = obstacle_to_replay(seen.receipt)
        if obstacle is not None:
            raise obstacle.refusal()
        return seen.receipt

    def measured(
        self, request: Request, receipt: Receipt, wanted: dict[str, Any], *, kept: bool = True
    ) -> dict[str, Any]:
        """`kept` under the caller's Idempotency-Key, unless that is another piece of work's."""
        caller = self.caller(request)
        answer = intake.submit_measurement(
            caller=caller if kept else replace(caller, idempotency_key=None),
            wanted={**wanted, "receipt_id": str(receipt.pk)},
            now=timezone.now(),
        )
        self.request_id = str(answer.pk)
        found: dict[str, Any] = all_events(request, answer)[-1]["found"]
        if "obstacle" in found:
            raise Obstacle(found["obstacle"]["code"], tuple(found["obstacle"]["sources"])).refusal()
        return {"receipt_id": str(receipt.pk), **found}


class ReceiptTokens(MeasuringView):
    @extend_schema(
        summary="What each source moved at each token: the data of a heat map, from the sealed transcript",
        parameters=[
            OpenApiParameter("first", int, description="index of the first token wanted; default 0"),
            OpenApiParameter("count", int, description=f"at most {MOST_CELLS} rows times sources come"),
            OpenApiParameter(
                "form", str, enum=["json", "csv"], description="csv: a line for a token and source"
            ),
        ],
        responses={
            200: OpenApiResponse(TokensOut),
            (200, "text/csv"): OpenApiResponse(str, "the same page as CSV"),
            **problems(403, 404, 409, 422),
        },
    )
    def get(self, request: Request, receipt_id: UUID) -> HttpResponseBase:
        wanted = {
            "of": "tokens",
            "first": _whole(request, "first", 0, least=0),
            "count": _whole(request, "count", MOST_CELLS, least=1),
        }
        form = request.query_params.get("form", "json")
        if form not in {"json", "csv"}:
            raise refuse("form", "`form` must be json or csv.")
        found = self.measured(request, self.receipt(request, receipt_id), wanted)
        if form == "json":
            return Response(found)
        return streamed(
            request,
            tables.lines(COLUMNS, _lines(found["rows"])),
            content_type="text/csv; charset=utf-8",
            filename=f"tokens-{receipt_id}.csv",
        )


class ReceiptAttribution(MeasuringView):
    @extend_schema(
        summary="What any sets of the answer's sources moved together, each removed as a whole",
        request=SetsIn,
        responses={200: OpenApiResponse(AttributionOut), **problems(403, 404, 409, 422)},
    )
    def post(self, request: Request, receipt_id: UUID) -> Response:
        receipt = self.receipt(request, receipt_id)
        sets = _sets(self.body(request, SetsIn)["sets"], receipt)
        return Response(self.measured(request, receipt, {"of": "sets", "sets": sets}))


class TotalEffect(MeasuringView):
    scope = "answers"  # it is an answer, and paid for as one

    @extend_schema(
        summary="Ask again without a source, nothing else pinned, and compare: the total effect",
        description="An answer like any other: held, charged and receipted (`rerun.charge_micro_usd`), "
        "within `max_price_micro_usd` if given, else the first request's. Comparing is free.",
        request=TotalEffectIn,
        responses={200: OpenApiResponse(TotalEffectOut), **problems(402, 403, 404, 409, 422)},
    )
    def post(self, request: Request, receipt_id: UUID) -> Response:
        receipt, wish = self.receipt(request, receipt_id), self.body(request, TotalEffectIn)
        source = wish["source"]
        _refuse_no_voters([source], receipt, param="source")
        asked = total_effect.request_without(
            receipt, source, max_price_micro_usd=wish.get("max_price_micro_usd")
        )
        _, answer = intake.submit(
            caller=self.caller(request), kind=asked.kind, body=asked.body, now=timezone.now()
        )
        told = all_events(request, answer)
        rerun = Receipt.objects.get(pk=told[-1]["abc"]["receipt_id"])
        wanted = {"of": "total_effect", "rerun": str(rerun.pk)}
        found = self.measured(request, receipt, wanted, kept=False)
        said = "".join(event["text"] for event in told if event["type"] == "token")
        return Response(_effect(found, receipt, rerun, source=source, said=said, seeded=asked.seeded))


def _effect(
    found: dict[str, Any], receipt: Receipt, rerun: Receipt, *, source: str, said: str, seeded: bool
) -> dict[str, Any]:
    seats = [[one["source"] for one in body["sources"]] for body in (receipt.body, rerun.body)]
    own = next(one for one in receipt.body["sources"] if one["source"] == source)
    return {
        **found,
        "source": source,
        "alpha": receipt.body["alpha"],
        "seeded": seeded,
        "text": total_effect.texts_compared(found["text"], said),
        "sources": {"with": seats[0], "without": seats[1]},
        "attribution_nats": own["attribution_nats"],
        "rerun": {"receipt_id": str(rerun.pk), "charge_micro_usd": rerun.total_micro_usd},
        "says": total_effect.SAYS,
        "does_not_say": total_effect.DOES_NOT_SAY,
    }


def _sets(sets: list[list[str]], receipt: Receipt) -> list[list[str]]:
    """Each name once, in order; all of them voters of this answer."""
    _refuse_no_voters([slug for one in sets for slug in one], receipt, param="sets")
    return [sorted(set(one)) for one in sets]


def _refuse_no_voters(slugs: list[str], receipt: Receipt, *, param: str) -> None:
    unknown = sorted(set(slugs) - {source["source"] for source in receipt.body["sources"]})
    if unknown:
        raise Invalid(
            f"`{unknown[0]}` did not vote in this answer.",
            code="not_a_voter",
            next_step="Name sources that the receipt lists.",
            param=param,
        )


def _lines(rows: list[dict[str, Any]]) -> Any:
    for row in rows:
        for slug, moved in row["sources"].items() or [(None, {})]:
            yield {**row, **moved, "source": slug}


def _whole(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text[:12]) <= MOST_FIRST and len(text) <= 7):
        raise refuse(name, f"`{name}` must be a whole number between {least} and {MOST_FIRST:,}.")
    return int(text)
