"""The tools of the market: ask, classify, plan, search, list_sources, get_receipt, verify_receipt.

Each is one call of the REST API with the key of whoever runs this server. It holds nothing and decides
nothing; what the deployment refuses is a tool error with its code and what to do next.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from connect.mcp_server import shapes
from connect.mcp_server.market import Json, Market, Refused
from connect.mcp_server.shapes import Control

INSTRUCTIONS = (
    "Answers made by the votes of several owners' data sources, each measured and paid for its influence. "
    "`plan` is free and says who would vote and the most an answer can cost; `ask`, `classify` and `search` "
    "spend money. Show `notices` beside an answer. A receipt proves who moved an answer and by how much."
)
TOKENS_BETWEEN_PROGRESS = 8
FREE = ToolAnnotations(read_only_hint=True, open_world_hint=True)
PAID = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)

Question = Annotated[str, Field(description="What is asked.")]
ReceiptId = Annotated[UUID, Field(description="`receipt_id` of an answer.")]
Labels = Annotated[list[str], Field(min_length=2, max_length=64, description="At most 16 tokens each.")]


@contextmanager
def refusals_as_tool_errors() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise ToolError(str(refused)) from refused


def server_for(market: Market, *, model: str | None = None) -> MCPServer:
    """A server whose tools ask this deployment; `model` None: its first one."""
    server: MCPServer = MCPServer("deep-voting-market", instructions=INSTRUCTIONS)
    tools = Tools(market, model)
    server.tool(annotations=PAID)(tools.ask)
    server.tool(annotations=PAID)(tools.classify)
    for free in (tools.plan, tools.list_sources, tools.get_receipt, tools.verify_receipt):
        server.tool(annotations=FREE)(free)
    return server


class Tools:
    """One method for each tool; its docstring is what an assistant reads."""

    def __init__(self, market: Market, model: str | None) -> None:
        self._market = market
        self._model = model

    async def ask(
        self,
        question: Question,
        *,
        context: Context[Any, Any],
        system: Annotated[str, Field(description="Instructions before the question.")] = "",
        max_tokens: Annotated[int, Field(ge=1, le=2048)] = 256,
        temperature: Annotated[float, Field(ge=0, le=2)] = 0.7,
        control: Control | None = None,
    ) -> shapes.Answer:
        """Ask the market. The answer says which sources moved it, by how much, and what each was paid."""
        with refusals_as_tool_errors():
            body = {**await self._body(question, system, control), "max_tokens": max_tokens}
            chunks = self._market.stream("/v1/chat/completions", {**body, "temperature": temperature})
            return await _answered(chunks, context, max_tokens=max_tokens)

    async def classify(
        self,
        text: Annotated[str, Field(description="What is classified.")],
        labels: Labels,
        instructions: Annotated[str, Field(description="What the labels mean.")] = "",
        control: Control | None = None,
    ) -> shapes.Classification:
        """Let the sources vote on which of the labels fits a text."""
        with refusals_as_tool_errors():
            body: Json = {"model": await self._known_model(), "input": text, "labels": labels}
            body |= {"instructions": instructions, "abc": _abc(control)}
            found = await self._market.post("/v1/classify", body)
        return shapes.Classification.model_validate({**account_fields(found), **found})

    async def plan(
        self,
        question: Question,
        system: str = "",
        max_tokens: Annotated[int, Field(ge=1, le=2048)] = 256,
        control: Control | None = None,
    ) -> shapes.Plan:
        """Say who would vote on a question, under whose limits, and the most it can cost. Spends nothing."""
        with refusals_as_tool_errors():
            body = {**await self._body(question, system, control), "max_tokens": max_tokens}
            plan = await self._market.post("/v1/plan", body)
        return shapes.Plan(
            text=_summary(plan),
            sources=plan["sources"],
            excluded=[shapes.LeftOut.model_validate(one) for one in plan["excluded"]],
            total_micro_usd=plan["quote"]["total_micro_usd"],
        )

    async def list_sources(
        self,
        words: Annotated[str, Field(description="Words to look for; empty lists all.")] = "",
        count: Annotated[int, Field(ge=1, le=100)] = 20,
    ) -> shapes.Sources:
        """List the data sources of the market that this key may know of."""
        with refusals_as_tool_errors():
            found = await self._market.get("/v1/catalogue", {"q": words, "page_size": count})
        rows = [shapes.Source.model_validate(one) for one in found["results"]]
        return shapes.Sources(count=found["count"], sources=rows)

    async def get_receipt(self, receipt_id: ReceiptId) -> shapes.Receipt:
        """Show the signed receipt of an answer: sources, influence, prices, fee, refunds."""
        with refusals_as_tool_errors():
            return shapes.Receipt(receipt=await self._market.get(f"/v1/receipts/{receipt_id}"))

    async def verify_receipt(self, receipt_id: ReceiptId) -> shapes.Verification:
        """Check a receipt's signature and sums, and compute its measurement again from the transcript."""
        with refusals_as_tool_errors():
            found = await self._market.post(f"/v1/receipts/{receipt_id}/verify")
        return shapes.Verification.model_validate(found)

    async def _body(self, question: str, system: str, control: Control | None) -> Json:
        before = [{"role": "system", "content": system}] if system else []
        messages = [*before, {"role": "user", "content": question}]
        return {"model": await self._known_model(), "messages": messages, "abc": _abc(control)}

    async def _known_model(self) -> str:
        if self._model is None:
            self._model = str((await self._market.get("/v1/models"))["data"][0]["id"])
        return self._model


def account_fields(reply: Json) -> Json:
    return shapes.account_of(reply["abc"])


async def _answered(
    chunks: AsyncIterator[Json], context: Context[Any, Any], *, max_tokens: int
) -> shapes.Answer:
    """The whole answer; while it is made whoever waits is told how far it is."""
    parts: list[str] = []
    last: Json = {}
    async for chunk in chunks:
        for choice in chunk["choices"]:
            parts.append(choice["delta"].get("content") or "")
            if choice["finish_reason"]:
                last = {**chunk, "finish_reason": choice["finish_reason"]}
        if len(parts) % TOKENS_BETWEEN_PROGRESS == 0:
            await context.report_progress(len(parts), max_tokens, "".join(parts)[-80:])
    if "abc" not in last:
        raise Refused("stream_ended", "The answer broke off before its account.", "Ask again.")
    account = account_fields(last)
    return shapes.Answer.model_validate(
        {**account, "text": "".join(parts), "finish_reason": last["finish_reason"]}
    )


def _abc(control: Control | None) -> Json:
    return control.abc() if control else {}


def _summary(plan: Json) -> str:
    """Who, and how much: a plan in two lines."""
    voters = ", ".join(f"{one['source']} (at most {one['most_micro_usd']:,})" for one in plan["sources"])
    total = plan["quote"]["total_micro_usd"]
    return f"Would vote: {voters or 'the core alone'}. At most {total:,} micro-USD in all."
