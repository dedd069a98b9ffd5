"""The named functions that start long work: each parses its values and makes one domain call.

`marketplace.work` starts them by name; values are JSON, keyword-only, and unknown ones are ignored so that a
worker and a web process of neighbouring versions understand each other.
"""

import logging

from django.db import connections
from django.utils import timezone

logger = logging.getLogger(__name__)


def answer(*, answer_id: str, **_: object) -> None:
    """Have this process's engine make the answer, and wait until it has."""
    from workers import local_engine

    made = local_engine.submit(answer_id)
    _let_go_of_connections()  # hundreds of tasks may wait here, and a database has places for fewer
    made.result()


def _let_go_of_connections() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def train(*, job_id: str, **_: object) -> None:
    """Train the job's partition, if the job still waits for it."""
    from workers import training

    training.run(job_id=int(job_id))


def expire_holds(**_: object) -> None:
    """End every hold whose worker is gone (rule 6)."""
    from accounting import holds

    ended = holds.expire_due(now=timezone.now())
    if ended:
        logger.warning("%s holds ran out and were ended", ended)


def expire_transfers(**_: object) -> None:
    """Give back what general transfers still hold past their end."""
    from accounting import transfers

    transfers.expire_due(now=timezone.now())


def keep_budgets(**_: object) -> None:
    """Policies whose moment came take effect; windows give back; letters that wait are written."""
    from marketplace import agreement_mail, budget_alerts, rolling, taking_effect

    now = timezone.now()
    taking_effect.take_effect_due(now=now)
    rolling.roll_due(now=now)
    budget_alerts.look(now=now)
    agreement_mail.send_waiting(now=now)


def keep_catalogue(**_: object) -> None:
    """Rows of the catalogue that are missing or show a source to the wrong people are made again."""
    from marketplace.catalogue import entries

    mended = entries.mend()
    if mended:
        logger.warning("%s rows of the catalogue were made again", mended)


def compare_sources(**_: object) -> None:
    """Versions that came since are sketched and compared with what other sources have."""
    from marketplace.duplicates import comparing

    comparing.compare_due(now=timezone.now(), clock=timezone.now)


def take_up_lost_work(**_: object) -> None:
    """Trainings whose lease ran out go back to the queue; answers whose worker died are failed."""
    from workers import recovery

    recovery.after_a_lost_worker(now=timezone.now())


def delete_expired_transcripts(**_: object) -> None:
    """Prompts and answers are kept for a stated time only."""
    from inference import upkeep

    upkeep.delete_expired_transcripts(now=timezone.now())


def forget_old_counts(**_: object) -> None:
    """Who asked how often is kept for as long as a back-test looks back."""
    from marketplace import demand

    demand.forget_old(now=timezone.now())


def seal_books(**_: object) -> None:
    """Chain and sign what has come to the audit log, the ledger and the receipts."""
    from accounting.sealing import sealer

    sealer.seal_books(now=timezone.now())


def verify_books(**_: object) -> None:
    """Compare every sealed row with its seal; what is found stands in the audit log and in the console."""
    from accounting.sealing import checking

    verified = checking.verify_and_note(acting_user_label="upkeep", now=timezone.now())
    for found in verified.findings[:20]:
        logger.error("%s", found)
