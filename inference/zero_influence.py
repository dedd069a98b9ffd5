"""Are the logits the same, bit for bit, with a source that is off and without it? Computed here.

In the engine, over a shipped set of prompts, by the steps that every answer goes: admit, route, plan, read,
vote; nothing is held, agreed or spent. If admission lets the source through by mistake, it gets a seat at
full relevance whatever the probe asks, so that no mistake can hide behind a question it knows nothing about.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings

from accounting.errors import DomainError, NotFound
from inference import lifecycle, query
from inference.bench import Bench
from inference.materials import plan_with_materials
from inference.models import Answer
from inference.net.constants import constants_digest
from inference.net.probe import Voter, vote_digest
from inference.net.relevance import probe_questions
from inference.prompting import prompts_for
from inference.request import Question, understand
from inference.routing import Routed
from marketplace import taking_effect, zero_influence
from marketplace.admission import Admission, admit
from marketplace.models import Organisation, Source, ZeroInfluence
from marketplace.policy import purposes
from marketplace.policy.request import Mode

logger = logging.getLogger(__name__)
PROBES = 8
TOKENS = 4
MODES: tuple[Mode, ...] = ("open", "private")
Json = dict[str, Any]


def certify(wanted: Mapping[str, Any], answer: Answer, bench: Bench) -> Json:
    """Compute, conclude, and say how it ended; a failure of ours is no certificate."""
    certificate = ZeroInfluence.objects.select_related("source__organisation").get(
        pk=wanted["certificate_id"]
    )
    try:
        found = evidence(certificate, answer, bench)
    except Exception:
        logger.exception("The certificate %s could not be computed", certificate.pk)
        ended = zero_influence.give_up(
            certificate=certificate, problem="It could not be computed: ask again.", now=bench.now()
        )
    else:
        ended = zero_influence.conclude(certificate=certificate, found=found, now=bench.now())
    return {"certificate_id": str(ended.pk), "state": ended.state}


def probe_set() -> list[str]:
    """Spread evenly over the shipped public questions."""
    questions = probe_questions()
    return [questions[len(questions) * place // PROBES] for place in range(PROBES)]


def evidence(certificate: ZeroInfluence, answer: Answer, bench: Bench) -> Json:
    source = certificate.source
    taking_effect.take_effect_due(now=bench.now())
    prompts = probe_set()
    logits = []
    for number, text in enumerate(prompts):
        lifecycle.renew(answer_id=answer.pk, now=bench.now())
        purpose = list(purposes.PURPOSES)[number % len(purposes.PURPOSES)]
        probe = {"probe": number, "purpose": purpose}
        logits.append({**probe, **_compared(_question(text, purpose), source, bench)})
    return {
        "core": {"slug": bench.core.slug, "digest": bench.core.digest},
        "constants_digest": constants_digest(),
        "alpha": settings.ALPHA,
        "probe_set": {
            "digest": zero_influence.digest_of(prompts), "prompts": len(prompts), "tokens": TOKENS,
        },
        "admission": _admission(source.slug, source.organisation, bench),
        "logits": logits,
    }  # fmt: skip


def _admission(slug: str, consumer: Organisation, bench: Bench) -> Json:
    """Asked for by name, for every purpose and mode."""
    admitted = [
        f"{purpose}/{mode}"
        for purpose in purposes.PURPOSES
        for mode in MODES
        if _is_admitted(slug, consumer, purpose, mode, bench)
    ]
    return {"purposes": len(purposes.PURPOSES), "modes": list(MODES), "admitted": admitted}


def _is_admitted(slug: str, consumer: Organisation, purpose: str, mode: Mode, bench: Bench) -> bool:
    try:
        found = admit(
            consumer=consumer, purpose=purpose, mode=mode, now=bench.now(), only=[slug],
            core_digest=bench.core.digest,
        )  # fmt: skip
    except NotFound:  # a source that was withdrawn is not there
        return False
    return any(one.source.slug == slug for one in found.admitted)


def _compared(question: Question, source: Source, bench: Bench) -> dict[str, str]:
    """Digests of the logits with the source registered as it is, and without it."""
    sides = {}
    with bench.planning:
        vector = bench.encoder.embed([question.text])[0]
        registered = admit(
            consumer=source.organisation, purpose=question.wishes.purpose, mode="open", now=bench.now(),
            core_digest=bench.core.digest, narrow=bench.shortlist.narrow(vector, bench.encoder),
        )  # fmt: skip
        others = tuple(one for one in registered.admitted if one.source.slug != source.slug)
        for side, admission in (("with", registered), ("without", replace(registered, admitted=others))):
            sides[side] = admission, _heard(query.routed_of(question, admission, vector, bench), source.slug)
    return {side: _digest(question, *drafted, bench) for side, drafted in sides.items()}


def _heard(routed: Routed, slug: str) -> Routed:
    """The source, if it got so far, as if the question were its own."""
    considered = (replace(one, relevance=1.0) if one.slug == slug else one for one in routed.considered)
    return replace(routed, considered=tuple(considered))


def _question(text: str, purpose: str) -> Question:
    body = {
        "model": settings.CORE_SLUG, "messages": [{"role": "user", "content": text}],
        "max_tokens": TOKENS, "temperature": 0,
    }  # fmt: skip
    return understand(body, kind="chat", default_purpose=purpose, seats=settings.SEATS)


def _digest(question: Question, admission: Admission, routed: Routed, bench: Bench) -> str:
    """Of the logits of the vote, token by token, as the plan seats it."""
    try:
        plan, materials = plan_with_materials(
            routed=routed, plan_for=partial(query.plan_of, question, admission), bench=bench
        )
    except DomainError as refusal:  # a refusal is an outcome too: the same with and without
        return hashlib.sha256(refusal.code.encode()).hexdigest()
    prompts = prompts_for(question=question, plan=plan, materials=materials, core=bench.core)
    voters = [
        Voter(
            seat.slug, materials[seat.slug].adapter, tuple(prompts.seats[seat.slug]), seat.gamma,
            seat.relevance, seat.group,
        )
        for seat in plan.seats
    ]  # fmt: skip
    own = tuple(prompts.core)
    return vote_digest(core=bench.core, prompt_ids=own, voters=voters, tokens=TOKENS, alpha=settings.ALPHA)
