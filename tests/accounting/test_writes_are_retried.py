"""Passing refusals of the database are tried again, a bounded number of times; others never."""

import pytest
from django.db import OperationalError

from accounting import writes
from accounting.audit import record
from accounting.models import AuditEvent
from tests.accounting.conftest import NOW

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(writes, "FIRST_PAUSE_SECONDS", 0.0)


def failing(times, message="database is locked"):
    calls = []

    @writes.durable_write
    def write(name):
        record(acting_user="a", action="try", subject=name, after={"tried": name}, now=NOW)
        calls.append(name)
        if len(calls) <= times:
            raise OperationalError(message)
        return len(calls)

    return write, calls


def test_a_passing_refusal_is_tried_again_and_leaves_one_result():
    write, calls = failing(3)
    assert write("x") == 4
    assert calls == ["x"] * 4
    assert AuditEvent.objects.count() == 1


def test_it_gives_up_in_the_end():
    write, calls = failing(1000)
    with pytest.raises(OperationalError):
        write("x")
    assert len(calls) == writes.ATTEMPTS
    assert AuditEvent.objects.count() == 0


def test_another_failure_is_not_repeated():
    write, calls = failing(3, "no such column")
    with pytest.raises(OperationalError):
        write("x")
    assert len(calls) == 1
