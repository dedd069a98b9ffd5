"""The names by which work is started: they exist, Celery knows them, a web process loads none."""

import inspect
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from config import celery
from inference.lifecycle import ENGINE_TASK
from marketplace.job_lease import TRAIN_TASK

NAMES = [ENGINE_TASK, TRAIN_TASK, *settings.UPKEEP_SCHEDULE]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_for_a_function_that_ignores_values_it_does_not_know(name: str) -> None:
    parameters = inspect.signature(import_string(name)).parameters.values()
    assert {parameter.kind for parameter in parameters} <= {
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    }
    assert any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)


def test_celery_knows_the_same_names_and_gives_a_training_but_no_answer_out_again() -> None:
    celery.app.loader.import_default_modules()
    assert set(NAMES) <= set(celery.app.tasks)
    assert celery.app.tasks[ENGINE_TASK].acks_late is False
    assert celery.app.tasks[TRAIN_TASK].acks_late is True
    limit = celery.app.conf.broker_transport_options["visibility_timeout"]
    assert limit > settings.TRAIN_LIMIT_SECONDS


def test_work_for_a_queue_that_nobody_reads_is_refused() -> None:
    with pytest.raises(ValueError, match="no queue"):
        celery.submit("workers.tasks.train", "trian", {})


def test_a_web_process_of_production_imports_no_task_and_no_model_library() -> None:
    program = (
        "import config.asgi, sys; from django.urls import get_resolver; "
        "from django.utils.module_loading import import_string; from django.conf import settings; "
        "get_resolver().url_patterns; import_string(settings.WORK_RUNNERS[settings.WORK_MODE]); "
        "print(*sorted(set(sys.modules) & {'torch', 'faiss', 'transformers', 'sentence_transformers', "
        "'workers.tasks', 'workers.celery_tasks', 'workers.training', 'workers.local_engine', "
        "'inference.engine'}))"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WORK_MODE": "celery",
        "REDIS_URL": "redis://127.0.0.1:6379/15",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
