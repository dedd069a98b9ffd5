"""The Celery app of production: three queues over Redis, and the beat schedule of upkeep.

Answers the port `marketplace.work` in WORK_MODE "celery". The web process imports this module only to send
names; the tasks themselves (`workers.celery_tasks`) are imported by worker processes alone, so that a web
process loads neither torch nor faiss.

Queues: `serve` (acknowledged early and never given out twice: the hold id refuses a second run), `train`
(acknowledged late; a lease and content digests make a second run harmless) and `upkeep`.
"""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

QUEUES = ("serve", "train", "upkeep")
_MARGIN_SECONDS = 3600  # Redis gives an unacknowledged message out again only after the longest training

app = Celery("deep-voting-market", broker=settings.REDIS_URL, include=["workers.celery_tasks"])
app.conf.update(
    task_ignore_result=True,
    task_default_queue="upkeep",
    task_create_missing_queues=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": settings.TRAIN_LIMIT_SECONDS + _MARGIN_SECONDS},
    beat_schedule={
        name: {"task": name, "schedule": seconds, "options": {"queue": "upkeep", "expires": seconds}}
        for name, seconds in settings.UPKEEP_SCHEDULE.items()
    },
)


def submit(task: str, queue: str, kwargs: dict[str, object]) -> None:
    """Send a task by its name; nothing of the task's code is imported here."""
    if queue not in QUEUES:
        raise ValueError(f"no queue named {queue!r}")
    app.send_task(task, kwargs=kwargs, queue=queue)
