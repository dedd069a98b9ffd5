"""The named functions of `workers.tasks` as Celery tasks, and the start of the engine in a serve worker.

Imported by worker processes only. Acknowledgement follows the queue: an answer is acknowledged early and
never given out twice, a training late, because it holds a lease and starts again cleanly.
"""

from typing import Any

from celery.signals import worker_ready, worker_shutdown

from config.celery import app
from workers import local_engine, tasks

answer = app.task(name="workers.tasks.answer", acks_late=False)(tasks.answer)
train = app.task(name="workers.tasks.train", acks_late=True)(tasks.train)
expire_holds = app.task(name="workers.tasks.expire_holds")(tasks.expire_holds)
expire_transfers = app.task(name="workers.tasks.expire_transfers")(tasks.expire_transfers)
keep_budgets = app.task(name="workers.tasks.keep_budgets")(tasks.keep_budgets)
compare_sources = app.task(name="workers.tasks.compare_sources")(tasks.compare_sources)
keep_catalogue = app.task(name="workers.tasks.keep_catalogue")(tasks.keep_catalogue)
take_up_lost_work = app.task(name="workers.tasks.take_up_lost_work")(tasks.take_up_lost_work)
delete_expired_transcripts = app.task(name="workers.tasks.delete_expired_transcripts")(
    tasks.delete_expired_transcripts
)
forget_old_counts = app.task(name="workers.tasks.forget_old_counts")(tasks.forget_old_counts)
seal_books = app.task(name="workers.tasks.seal_books")(tasks.seal_books)
verify_books = app.task(name="workers.tasks.verify_books")(tasks.verify_books)


@worker_ready.connect
def _warm_up(sender: Any, **_: object) -> None:
    """A serve worker loads its engine at once, so that its first answer does not wait for it."""
    if "serve" in sender.app.amqp.queues.consume_from:
        local_engine.start()


@worker_shutdown.connect
def _end(**_: object) -> None:
    local_engine.stop()
