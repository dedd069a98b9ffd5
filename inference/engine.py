"""One engine per process: the core, the encoder and the partitions in memory, for several answers at once.

The only Django module (with those it alone imports) that loads torch; web processes never import it. Whatever
happens to an answer, it ends: with its last event, with its row closed, and with its hold ended.
"""

import logging
import threading
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounting.errors import DomainError, Forbidden
from inference import counting, judging_topics, lifecycle, measuring, query, replaying
from inference.bench import Bench
from inference.channel import current_channel
from inference.ending import end_badly
from inference.models import Answer, AnswerKind
from inference.net.batch import Batch
from inference.net.core import Core
from inference.net.encoder import load_encoder
from inference.net.tolerance import tolerance_for
from inference.problems import ENGINE_FAILED
from inference.shelf import Shelf
from inference.summarising import summarise_all
from marketplace import admission
from marketplace.storage import store

logger = logging.getLogger(__name__)

STEPS = {
    AnswerKind.CHAT: query.answer_question,
    AnswerKind.COMPLETION: query.answer_question,
    AnswerKind.CLASSIFICATION: query.answer_question,
    AnswerKind.PLAN: query.explain_plan,
    AnswerKind.VERIFICATION: replaying.verify_receipt,
    AnswerKind.MEASUREMENT: measuring.measure,
    AnswerKind.TOPIC: judging_topics.judge_question,
}
ANSWERS = frozenset({AnswerKind.CHAT, AnswerKind.COMPLETION, AnswerKind.CLASSIFICATION})
# What is not an answer is asked one at a time: a replay has a batch of its own beside the shared one.
ASKED_ALONE = frozenset({AnswerKind.VERIFICATION, AnswerKind.MEASUREMENT})
_loading = threading.RLock()
_alone = threading.Lock()
_benches: list[Bench] = []


def warm_up() -> None:
    """Load the core, the encoder and the policies in force, so that the first caller does not wait."""
    with _loading:
        if not _benches:
            bench = build()
            summarise_all(encoder=bench.encoder, open_file=lambda digest: store().open(digest))
            admission.warm_up()
            _benches.append(bench)


def use(bench: Bench | None) -> None:
    """Work on this bench from now on; None: on the one of the settings, built when first needed."""
    with _loading:
        _benches[:] = [bench] if bench else []


def build() -> Bench:
    core = Core.load(settings.CORE_DIRECTORY)
    encoder = load_encoder(settings.ENCODER)
    shelf = Shelf(
        core=core,
        encoder=encoder,
        open_file=lambda digest: store().open(digest),
        most_bytes=settings.PARTITION_MEMORY_BYTES,
    )
    return Bench(
        core=core, encoder=encoder, shelf=shelf, channel=current_channel(), now=timezone.now,
        ballots=Batch(core, prefix_bytes=settings.PREFIX_MEMORY_BYTES).open_ballots,
        replay_tolerance=tolerance_for(core),
    )  # fmt: skip


def answer(*, answer_id: UUID | str) -> None:
    """Run one queued answer to its end. An answer that already runs or has ended is left alone."""
    answer_id = UUID(str(answer_id))
    started = lifecycle.start(answer_id=answer_id, now=timezone.now())
    if started is None:
        logger.warning("Answer %s is not waiting; it is not run again", answer_id)
        return
    try:
        warm_up()
        _run(started, _benches[0])
    except DomainError as refusal:
        _end_badly(started, refusal)
        _count(started, refusal)
    except Exception:
        logger.exception("Answer %s failed", answer_id)
        _end_badly(started, ENGINE_FAILED)


def _run(started: Answer, bench: Bench) -> None:
    kind = AnswerKind(started.kind)
    if kind in ANSWERS:  # plans alone, then shares its passes with the others
        STEPS[kind](started, bench)
    elif kind in ASKED_ALONE:
        with _alone:
            STEPS[kind](started, bench)
    else:
        with bench.planning:
            STEPS[kind](started, bench)


def _count(started: Answer, refusal: DomainError) -> None:
    """Only what would have been an answer, and only where a source's rule ended it."""
    if started.kind in ANSWERS and isinstance(refusal, Forbidden):
        wishes = query.understood(started).wishes
        counting.count_refusal(answer=started, wishes=wishes, refusal=refusal, now=timezone.now())


def _end_badly(started: Answer, refusal: DomainError) -> None:
    end_badly(answer_id=started.pk, refusal=refusal, channel=current_channel(), now=timezone.now())
