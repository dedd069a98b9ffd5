"""The way of one query, in the engine: admit, plan, hold, compose, measure, settle, receipt.

Each step is a module of its own; this one only says in which order they happen and what passes between them.
Refusals are raised as they are; `engine` tells the caller and closes the answer.
"""

from functools import partial

from django.conf import settings

from inference import counting, lifecycle
from inference.agreeing import agreed, without_ended
from inference.allowance import HeldAllowance
from inference.bench import Bench
from inference.coalitions import plan_together
from inference.composing import Composer
from inference.holding import given_back_on_failure, hold
from inference.identity import identity_of
from inference.intake import refuse_suspended, spoken_kind
from inference.materials import Material, Materials, plan_with_materials, quoted
from inference.models import Answer, AnswerKind, AnswerState
from inference.net.constants import RELEVANCE_LEAST
from inference.net.encoder import Vectors
from inference.net.generation import Generation, generate
from inference.net.generation import Seat as Row
from inference.net.spelling import bytes_of
from inference.plan import NANO, House, Plan, Seat, make_plan
from inference.plan_report import plan_report
from inference.prompting import Prompts, prompts_for
from inference.report import ALL_VOTERS, OWNER_PREFIX, Measured, owners_with_several
from inference.request import Question, understand
from inference.routing import Routed, route
from inference.settling import settle_answer
from inference.telling import TokenTeller, start_event
from inference.topics import on_topic
from marketplace import key_limits, taking_effect
from marketplace.admission import Admission, admit


def answer_question(answer: Answer, bench: Bench) -> None:
    """From a queued request to a settled answer; the last event is told when the money is in place."""
    question = understood(answer)
    vector = bench.encoder.embed([question.text])[0]
    admission = admitted(answer, question, vector, bench)
    routed = routed_of(question, admission, vector, bench)
    plan, materials = plan_with_materials(
        routed=routed, plan_for=partial(plan_of, question, admission), bench=bench
    )
    plan = agreed(plan, consumer=answer.organisation, question=question, now=bench.now())
    prompts = prompts_for(question=question, plan=plan, materials=materials, core=bench.core)
    plan, allowance, held = hold(plan=plan, question=question, answer=answer, bench=bench)
    with given_back_on_failure(answer, bench):
        identity = identity_of(
            question=question, plan=plan, materials=materials, core=bench.core, trained=admission.parameters
        )
        start = start_event(plan=plan, identity=identity, fee_basis_points=settings.PLATFORM_FEE_BASIS_POINTS)
        bench.channel.publish(answer.pk, start)
        generation = generation_of(
            question=question,
            plan=plan,
            materials=materials,
            prompts=prompts,
            allowance=allowance,
            bench=bench,
        )
    composer = Composer(
        answer=answer,
        plan=plan,
        allowance=allowance,
        set_names=list(sets_of(plan)),
        teller=TokenTeller(question, partial(bytes_of, bench.core), bench.core.end_ids),
        bench=bench,
    )
    made = composer.compose(generation, prompt_tokens=len(prompts.core))
    measured = Measured(
        identity=identity,
        plan=plan,
        tally=made.tally,
        refused=allowance.all_refused(),
        stopped=allowance.all_stopped(),
        passages={seat.slug: quoted(seat.admitted, materials[seat.slug]) for seat in plan.seats},
    )
    last = settle_answer(
        answer=answer,
        question=question,
        measured=measured,
        made=made,
        allowance=allowance,
        held=held,
        start=start,
        bench=bench,
    )
    bench.channel.publish(answer.pk, last)
    counting.count_answer(answer=answer, wishes=question.wishes, plan=plan, now=bench.now())


def explain_plan(answer: Answer, bench: Bench) -> None:
    """The same way up to the plan; nothing is held, no adapter is loaded, nothing is spent."""
    question = understood(answer)
    vector = bench.encoder.embed([question.text])[0]
    admission = admitted(answer, question, vector, bench)
    routed = routed_of(question, admission, vector, bench)
    plan = plan_of(question, admission, routed)
    event = {"type": "plan", "plan": plan_report(plan=plan, question=question)}
    lifecycle.finish(answer, state=AnswerState.DONE, outcome=[event], now=bench.now(), receipt_id=None)
    bench.channel.publish(answer.pk, event)


def understood(answer: Answer) -> Question:
    """The request as it was stored, read by the same rules as when it came."""
    body = lifecycle.request_of(answer)
    kind = spoken_kind(AnswerKind(answer.kind), body)
    return understand(body, kind=kind, default_purpose=answer.purpose, seats=settings.SEATS)


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
        likeliest=question.logprobs or 0,
    )


def _row(seat: Seat, material: Material, prompts: Prompts) -> Row:
    return Row(
        label=seat.slug,
        adapter=material.adapter,
        prompt_ids=prompts.seats[seat.slug],
        relevance=seat.relevance,
        gamma=seat.gamma,
        cap_nats=seat.cap_nano_nats / NANO,
        group=seat.group,
        eta=seat.eta,
    )
