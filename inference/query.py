"""The way of one query, in the engine: admit, plan, hold, compose, measure, settle, receipt.

Each step is a module of its own; this one only says in which order they happen and what passes between them.
Refusals are raised as they are; `engine` tells the caller and closes the answer.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.conf import settings

from accounting.held import Held
from inference import counting, lifecycle
from inference.agreeing import agreed, without_ended
from inference.allowance import HeldAllowance
from inference.bench import Bench
from inference.choices import Choice, choice_of, end, ended_with_the_request, in_turns
from inference.coalitions import plan_together
from inference.composing import Composer, Composition, token_rows_of
from inference.fields import refuse
from inference.holding import given_back_on_failure, hold
from inference.identity import identity_of
from inference.intake import refuse_suspended, understood_by_kind
from inference.label_wish import labels_for
from inference.materials import Material, Materials, plan_with_materials, quoted
from inference.models import Answer, AnswerKind, AnswerState
from inference.net.constants import RELEVANCE_LEAST
from inference.net.encoder import Vectors
from inference.net.generation import Generation, generate
from inference.net.generation import Seat as Row
from inference.net.labels import Labels
from inference.net.nudges import Nudges
from inference.net.spelling import bytes_of
from inference.plan import NANO, House, Plan, Seat, make_plan
from inference.plan_report import plan_report
from inference.prompting import Prompts, prompts_for
from inference.report import ALL_VOTERS, OWNER_PREFIX, Identity, Measured, owners_with_several
from inference.request import Question
from inference.routing import Routed, route
from inference.settling import settle_answer
from inference.tally import Tally
from inference.telling import TokenTeller, start_event
from inference.token_rows import TokenRows
from inference.topics import on_topic
from marketplace import key_limits, taking_effect
from marketplace.admission import Admission, admit


@dataclass(frozen=True, slots=True)
class Draft:
    """Admitted, planned and read; nothing is held."""

    question: Question
    plan: Plan
    materials: Materials
    prompts: Prompts
    labels: Labels | None  # of a classification
    trained: int  # parameters of all partitions that the consumer may know of


@dataclass(frozen=True, slots=True)
class Ready:
    """Held, and ready for its first token; seats whose budget refused are gone from the plan."""

    answer: Answer
    draft: Draft
    plan: Plan
    allowance: HeldAllowance
    held: Held
    identity: Identity
    start: dict[str, Any]
    generation: Generation


def answer_question(answer: Answer, bench: Bench) -> None:
    """From a queued request to settled answers; the last event is told when the money is in place."""
    asked = understood(answer)
    questions = asked.choices()
    if len(questions) > 1:
        _answer_each(answer, questions, bench, choices_a_prompt=asked.n)
        return
    draft = drafted(answer, questions[0], bench)
    ready = held_ready(answer, draft, bench)
    with given_back_on_failure(answer, bench):
        bench.channel.publish(answer.pk, ready.start)
    deque(made(ready, bench), maxlen=0)
    counting.count_answer(answer=answer, wishes=draft.question.wishes, plan=ready.plan, now=bench.now())


def _answer_each(
    request: Answer, questions: Sequence[Question], bench: Bench, *, choices_a_prompt: int
) -> None:
    """Several choices: every one is held before the first token of any; what they read is planned once."""
    answers = lifecycle.begin_choices(request, count=len(questions), now=bench.now())
    drafts: dict[tuple[str, ...], Draft] = {}
    making: list[tuple[Choice, Ready]] = []
    with ended_with_the_request(answers, bench), ExitStack() as on_failure:
        for question, answer in zip(questions, answers, strict=True):
            if question.prompts not in drafts:
                drafts[question.prompts] = drafted(request, question, bench)
            choice = choice_of(request, answer, bench)
            draft = replace(drafts[question.prompts], question=question)
            making.append((choice, held_ready(answer, draft, choice.bench)))
            on_failure.enter_context(given_back_on_failure(answer, bench))
        for choice, ready in making:
            choice.channel.publish(ready.answer.pk, ready.start)
    in_turns(request, [(choice, made(ready, choice.bench)) for choice, ready in making], bench)
    end(request, [choice for choice, _ in making], choices_a_prompt=choices_a_prompt, bench=bench)
    for draft in drafts.values():
        counting.count_answer(answer=request, wishes=draft.question.wishes, plan=draft.plan, now=bench.now())


def drafted(answer: Answer, question: Question, bench: Bench) -> Draft:
    """Who votes on this question, and what each row reads. One answer at a time: encoder, tokenizer and
    indexes are shared, and none of them gains by threads.
    """
    with bench.planning:
        return _drafted(answer, question, bench)


def _drafted(answer: Answer, question: Question, bench: Bench) -> Draft:
    labels = labels_for(question, bench.core)
    vector = bench.encoder.embed([question.text])[0]
    admission = admitted(answer, question, vector, bench)
    routed = routed_of(question, admission, vector, bench)
    plan, materials = plan_with_materials(
        routed=routed, plan_for=partial(plan_of, question, admission), bench=bench
    )
    plan = agreed(plan, consumer=answer.organisation, question=question, now=bench.now())
    prompts = prompts_for(question=question, plan=plan, materials=materials, core=bench.core)
    return Draft(question, plan, materials, prompts, labels, admission.parameters)


def held_ready(answer: Answer, draft: Draft, bench: Bench) -> Ready:
    """Money and nats are held; where anything fails they have gone back."""
    plan, allowance, held = hold(plan=draft.plan, question=draft.question, answer=answer, bench=bench)
    with given_back_on_failure(answer, bench):
        identity = identity_of(
            question=draft.question,
            plan=plan,
            materials=draft.materials,
            core=bench.core,
            trained=draft.trained,
        )
        start = start_event(plan=plan, identity=identity, fee_basis_points=settings.PLATFORM_FEE_BASIS_POINTS)
        generation = generation_of(
            question=draft.question,
            plan=plan,
            materials=draft.materials,
            prompts=draft.prompts,
            labels=draft.labels,
            allowance=allowance,
            bench=bench,
        )
    return Ready(answer, draft, plan, allowance, held, identity, start, generation)


def made(ready: Ready, bench: Bench) -> Iterator[None]:
    """Composes token by token, measures, settles, and tells the end; pauses after each token."""
    plan, allowance, materials = ready.plan, ready.allowance, ready.draft.materials
    composer = Composer(
        answer=ready.answer,
        plan=plan,
        allowance=allowance,
        set_names=list(sets_of(plan)),
        teller=TokenTeller(ready.draft.question, partial(bytes_of, bench.core), bench.core.end_ids),
        bench=bench,
    )
    composition = Composition(
        Tally.of([seat.slug for seat in plan.seats]),
        prompt_tokens=len(ready.draft.prompts.core),
        token_rows=_token_rows(ready.draft.question, bench),
        labels=ready.draft.labels,
    )
    yield from composer.compose(ready.generation, composition)
    measured = Measured(
        identity=ready.identity,
        plan=plan,
        tally=composition.tally,
        refused=allowance.all_refused(),
        stopped=allowance.all_stopped(),
        passages={seat.slug: quoted(seat.admitted, materials[seat.slug]) for seat in plan.seats},
    )
    last = settle_answer(
        answer=ready.answer,
        question=ready.draft.question,
        measured=measured,
        made=composition,
        allowance=allowance,
        held=ready.held,
        start=ready.start,
        bench=bench,
    )
    bench.channel.publish(ready.answer.pk, last)


def _token_rows(question: Question, bench: Bench) -> TokenRows | None:
    if question.wishes.explain != "tokens":
        return None
    return token_rows_of(bench.core)


def explain_plan(answer: Answer, bench: Bench) -> None:
    """The same way up to the plan; nothing is held, no adapter is loaded, nothing is spent."""
    asked = understood(answer)
    if len(asked.prompts) > 1:
        raise refuse("prompt", "A plan is for one prompt.", next_step="Ask for the plan of each apart.")
    question = asked.choices()[0]
    vector = bench.encoder.embed([question.text])[0]
    admission = admitted(answer, question, vector, bench)
    routed = routed_of(question, admission, vector, bench)
    plan = plan_of(question, admission, routed)
    report = plan_report(plan=plan, question=question)
    event = {"type": "plan", "plan": {**report, "choices": _of_all(plan, asked.n)}}
    lifecycle.finish(answer, state=AnswerState.DONE, outcome=[event], now=bench.now(), receipt_id=None)
    bench.channel.publish(answer.pk, event)


def _of_all(plan: Plan, n: int) -> dict[str, int]:
    """The plan is each choice's; this is what they can cost together."""
    return {"n": n, "total_micro_usd": n * plan.quote.total}


def understood(answer: Answer) -> Question:
    """The request as it was stored, read by the same rules as when it came."""
    body = lifecycle.request_of(answer)
    return understood_by_kind(AnswerKind(answer.kind), body, default_purpose=answer.purpose)


def admitted(answer: Answer, question: Question, vector: Vectors, bench: Bench) -> Admission:
    """Who may vote now, under the policies whose moment has come; of many, those nearest to the question."""
    refuse_suspended(answer.organisation, answer.api_key)  # it may have waited since it was taken in
    wishes = question.wishes
    taking_effect.take_effect_due(now=bench.now())
    admission = admit(
        consumer=answer.organisation,
        purpose=wishes.purpose,
        mode="private" if wishes.is_private else "open",
        now=bench.now(),
        only=key_limits.votes_within(answer.api_key, wishes.only, consumer=answer.organisation),
        ignore=wishes.ignore,
        require=wishes.require,
        gamma=wishes.gamma,
        core_digest=bench.core.digest,
        output=wishes.output,
        narrow=bench.shortlist.narrow(vector, bench.encoder),
    )
    return without_ended(admission, consumer=answer.organisation, question=question)


def routed_of(question: Question, admission: Admission, vector: Vectors, bench: Bench) -> Routed:
    routed = route(admitted=admission.admitted, question=question, vector=vector, bench=bench)
    return on_topic(routed=routed, question=question, bench=bench)


def plan_of(question: Question, admission: Admission, routed: Routed) -> Plan:
    plan_for = partial(
        make_plan,
        wishes=question.wishes,
        max_tokens=question.max_tokens,
        denied=admission.denied,
        others=admission.others,
        unavailable=routed.unavailable,
        house=House(
            seats=settings.SEATS,
            fee_basis_points=settings.PLATFORM_FEE_BASIS_POINTS,
            block_tokens=settings.HOLD_BLOCK_TOKENS,
            nats_per_token=settings.DEFAULT_NATS_PER_TOKEN,
            least_relevance=RELEVANCE_LEAST,
        ),
    )
    return plan_together(
        considered=routed.considered,
        wishes=question.wishes,
        plan_for=lambda considered: plan_for(considered=considered),
    )


def sets_of(plan: Plan) -> dict[str, list[str]]:
    """What is measured together: all voters, and the sources of each owner that has several."""
    together = {ALL_VOTERS: [seat.slug for seat in plan.seats]}
    return together | {
        OWNER_PREFIX + owner: slugs for owner, slugs in owners_with_several(plan.seats).items()
    }


def generation_of(
    *,
    question: Question,
    plan: Plan,
    materials: Materials,
    prompts: Prompts,
    labels: Labels | None,
    allowance: HeldAllowance,
    bench: Bench,
) -> Generation:
    return generate(
        core=bench.core,
        core_prompt_ids=prompts.core,
        seats=[_row(seat, materials[seat.slug], prompts) for seat in plan.seats],
        allowance=allowance,
        max_tokens=question.max_tokens,
        mode="private" if question.wishes.is_private else "open",
        alpha=settings.ALPHA,
        temperature=question.temperature,
        top_p=question.top_p,
        seed=question.wishes.seed,
        stop=question.stop,
        sets=list(sets_of(plan).values()),
        likeliest=len(labels.texts) if labels else question.logprobs or 0,
        labels=labels,
        nudges=_nudges(question),
        ballots=bench.ballots,
        lead=question.said,
    )


def _nudges(question: Question) -> Nudges | None:
    """Made anew for each answer, because they count what was drawn."""
    wanted = question.nudged
    return Nudges(wanted.frequency_penalty, wanted.presence_penalty, wanted.logit_bias) if wanted else None


def _row(seat: Seat, material: Material, prompts: Prompts) -> Row:
    return Row(
        label=seat.slug,
        adapter=material.adapter,
        prompt_ids=prompts.seats[seat.slug],
        shared_tokens=prompts.shared[seat.slug],
        relevance=seat.relevance,
        gamma=seat.gamma,
        cap_nats=seat.cap_nano_nats / NANO,
        group=seat.group,
        eta=seat.eta,
        grams=material.grams,
    )
