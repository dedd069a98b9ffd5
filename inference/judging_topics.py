"""A question beside a policy's topic clause, for an owner who tries a policy: the engine's half.

Nothing is admitted, held or spent, and no source is looked at. `asking_topics` is the other half.
"""

from django.conf import settings

from inference import lifecycle
from inference.bench import Bench
from inference.models import Answer, AnswerState
from inference.request import understand
from inference.topics import facts_of
from marketplace.policy import plain
from marketplace.policy.kinds.topics import Topics
from marketplace.policy.request import Deny, Request


def judge_question(answer: Answer, bench: Bench) -> None:
    body = lifecycle.request_of(answer)
    clause = plain.parse(body["policy"]).clause(Topics)
    chat = {"model": settings.CORE_SLUG, "messages": [{"role": "user", "content": body["question"]}]}
    question = understand(chat, kind="chat", default_purpose="research", seats=settings.SEATS)
    facts = facts_of(question, clause.texts, bench)
    request = Request(consumer="", purpose="research", now=bench.now(), mode="open", question=facts)
    said = clause.verify(request)
    denied = isinstance(said, Deny)
    verdict = {
        "outcome": "deny" if denied else "allow",
        "reason": said.reason if isinstance(said, Deny) else "The question is about what the policy allows.",
        "values": dict(clause.values(request)),
    }
    event = {"type": "topic", "verdict": verdict}
    lifecycle.finish(answer, state=AnswerState.DONE, outcome=[event], now=bench.now(), receipt_id=None)
    bench.channel.publish(answer.pk, event)
