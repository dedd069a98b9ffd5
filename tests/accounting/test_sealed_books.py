"""The sealed books: a row or seal that was changed, removed, added or moved is found and named."""

import io
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction

from accounting import audit
from accounting.database_rules import installation
from accounting.models import AuditEvent, Receipt, Seal, Transfer
from accounting.sealing import checking, heads, sealer
from accounting.sealing.books import book_named
from accounting.sealing.export import exported
from accounting.sealing.verifier import verify
from accounting.writes import durable_write
from tests.accounting.conftest import NAT, NOW

pytestmark = [pytest.mark.books, pytest.mark.django_db]
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def own_heads(settings, tmp_path):
    settings.AUDIT_HEADS_FILE = tmp_path / "heads.json"


def note(number: int, *, at=NOW) -> AuditEvent:
    return audit.record(
        acting_user="ada",
        action="test",
        subject=f"row {number}",
        before={"n": 0.5},
        after={"n": number},
        now=at,
    )


def seal(at=LATER) -> list[Seal]:
    return sealer.seal_books(now=at)


def found(at=LATER) -> list[str]:
    return [str(one) for one in verify(now=at).findings]


@contextmanager
def as_an_intruder() -> Iterator[None]:
    """Somebody who can switch the database's rules off."""
    installation.remove(connection)
    yield
    connection.check_constraints()  # PostgreSQL alters no table while a deferred check of it waits
    installation.install(connection)


@pytest.fixture
def events() -> list[AuditEvent]:
    """Five events under two seals."""
    rows = [note(number) for number in range(3)]
    seal()
    rows += [note(number, at=LATER) for number in range(3, 5)]
    seal(LATER + timedelta(minutes=5))
    return rows


@pytest.fixture
def answered(market):
    for number in range(1, 4):
        placed = market.place(market.terms("a"), market.terms("b"))
        market.settle(placed.hold_id, a=(number * NAT, number * NAT), b=(NAT, NAT))
    seal(LATER + timedelta(minutes=10))


def test_untouched_books_are_as_sealed(events, answered):
    verified = verify(now=LATER)
    assert (verified.findings, verified.sound) == ((), True)
    assert verified.rows == AuditEvent.objects.count() + Transfer.objects.count() + Receipt.objects.count()
    assert set(verified.heads) == {"audit", "transfers", "receipts"}


@pytest.mark.parametrize("place", range(5))
def test_a_changed_event_is_named_and_no_other(events, place):
    with as_an_intruder():
        AuditEvent.objects.filter(pk=events[place].pk).update(after={"n": 99})
    (only,) = found()
    assert only.startswith(f"audit event {events[place].pk}: is not what was sealed at place {place + 1}")


@pytest.mark.parametrize("place", range(5))
def test_a_missing_event_is_named_and_no_other(events, place):
    with as_an_intruder():
        AuditEvent.objects.filter(pk=events[place].pk).delete()
    assert found() == [f"audit event {events[place].pk}: is missing: it was at place {place + 1} of audit"]


def test_an_event_that_was_put_in_is_named(events):
    with as_an_intruder():
        intruder = note(9, at=NOW - timedelta(days=1))
    assert found() == [f"audit event {intruder.pk}: was put in: no seal has it"]


def test_events_that_changed_places_are_named(events):
    with as_an_intruder():
        for one, other in ((events[0], events[1]), (events[1], events[0])):
            AuditEvent.objects.filter(pk=one.pk).update(subject=other.subject, after=other.after)
    assert [text.split(":")[0] for text in found()] == [f"audit event {row.pk}" for row in events[:2]]


def test_an_event_moved_in_time_is_named(events):
    with as_an_intruder():
        AuditEvent.objects.filter(pk=events[0].pk).update(at=LATER)
    assert any(text.startswith(f"audit event {events[0].pk}: is not what was sealed") for text in found())


@pytest.mark.parametrize("model", [Transfer, Receipt])
@pytest.mark.parametrize("deed", ["change", "delete"])
def test_a_changed_or_deleted_transfer_or_receipt_is_named(answered, model, deed):
    unreferenced = {"resolution__isnull": True} if model is Transfer else {}
    row = model.objects.filter(**unreferenced).order_by("pk")[1]
    with as_an_intruder():
        chosen = model.objects.filter(pk=row.pk)
        if deed == "delete" and model is Receipt:
            row.lines.all().delete()
        if deed == "delete":
            chosen._raw_delete(chosen.db)
        elif model is Transfer:
            chosen.update(label="something else")
        else:
            chosen.update(jws=row.jws[:-4] + "AAAA")
    (only,) = found()
    assert only.startswith(
        f"{model._meta.model_name} {row.pk}: is {'missing' if deed == 'delete' else 'not what'}"
    )


def test_a_rewritten_chain_does_not_carry_our_signature(events):
    """An intruder who knows the arithmetic computes all links again, but cannot sign the head."""
    old = Seal.objects.get(book="audit", number=2)
    with as_an_intruder():
        AuditEvent.objects.filter(pk=events[4].pk).update(after={"n": 99})
        Seal.objects.filter(pk=old.pk).delete()
        (rewritten,) = seal(LATER + timedelta(minutes=5))
        Seal.objects.filter(pk=rewritten.pk).update(jws=old.jws)
    heads.keep([old])
    assert "seal 2 of audit: its signature does not hold for what it says" in found()


def test_a_chain_sealed_again_by_an_insider_is_told_by_a_head_kept_outside(events):
    kept = heads.newest("audit")
    assert kept is not None
    with as_an_intruder():
        AuditEvent.objects.filter(pk=events[4].pk).update(after={"n": 99})
        kept.delete()
        seal(LATER + timedelta(minutes=5))
    kept_outside = {"audit": kept.jws}
    told = [str(one) for one in verify(now=LATER, kept_outside=kept_outside).findings]
    assert told == ["seal 2 of audit: is not the one whose head was kept outside the database"]


def test_rows_and_seals_cut_off_together_are_told_by_the_head_kept_outside(events):
    with as_an_intruder():
        AuditEvent.objects.filter(pk__in=[row.pk for row in events[3:]]).delete()
        Seal.objects.filter(book="audit", number=2).delete()
    assert found(LATER - timedelta(minutes=1)) == [
        "seal 2 of audit: is missing: the chain is shorter than a head that was kept outside"
    ]


def test_a_seal_taken_out_of_the_middle_is_told(events):
    note(6, at=LATER + timedelta(minutes=6))
    seal(LATER + timedelta(minutes=10))
    with as_an_intruder():
        Seal.objects.filter(book="audit", number=2).delete()
    assert "seal 3 of audit: follows seal 1: seals between them are missing" in found()


def test_a_seal_says_who_is_in_it_and_nobody_else(events):
    row = Seal.objects.get(book="audit", number=1)
    with as_an_intruder():
        Seal.objects.filter(pk=row.pk).update(members=bytes(row.members)[:-48])
    assert "seal 1 of audit: its list of rows is not the one that was signed" in found()


def test_what_waits_too_long_for_its_seal_is_told(events):
    waiting = note(7, at=LATER + timedelta(hours=1))
    assert found(LATER + timedelta(hours=1, minutes=30)) == []
    (only,) = found(LATER + timedelta(hours=3))
    assert only.startswith(f"audit event {waiting.pk}: has waited for its seal")


def test_a_row_that_was_committed_late_is_sealed_late_and_is_sound(events):
    late = note(8, at=NOW + timedelta(seconds=1))
    (added,) = seal(LATER + timedelta(minutes=10))
    assert (added.late, added.count) == (1, 1)
    assert found() == []
    with as_an_intruder():
        AuditEvent.objects.filter(pk=late.pk).update(actor="somebody else")
    assert [text.split(":")[0] for text in found()] == [f"audit event {late.pk}"]


def test_rows_of_the_last_minute_wait_and_nothing_new_makes_no_seal(events):
    assert seal(LATER + timedelta(minutes=5)) == []
    note(9, at=LATER + timedelta(minutes=9, seconds=30))
    assert seal(LATER + timedelta(minutes=10)) == []
    assert len(seal(LATER + timedelta(minutes=11))) == 1


def test_places_have_no_gap_over_batches_and_never_cut_through_an_instant(monkeypatch):
    monkeypatch.setattr(sealer, "A_BATCH", 4)
    for number in range(11):
        note(number, at=NOW + timedelta(seconds=number // 3))
    sealed = seal()
    assert [one.count for one in sealed] == [3, 3, 3, 2]
    assert [one.first_position for one in sealed] == [1, 4, 7, 10]
    assert [row["place"] for row in exported(book_named("audit"))] == list(range(1, 12))
    assert found() == []


@pytest.mark.parametrize("statement", ["UPDATE {} SET count = count", "DELETE FROM {}"])
def test_by_hand_a_seal_is_never_changed(events, statement):
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("accounting_seal"))


def test_by_hand_a_chain_never_forks(events):
    last = heads.newest("audit")
    assert last is not None
    last.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        last.save(force_insert=True)


def test_the_command_exits_non_zero_and_names_the_row(events, capsys):
    call_command("audit", "verify")
    assert "the books are as sealed: 5 rows under 2 seals" in capsys.readouterr().out
    with as_an_intruder():
        AuditEvent.objects.filter(pk=events[1].pk).update(actor="eve")
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", "--json")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["findings"][0]["subject"] == f"audit event {events[1].pk}"


def test_a_verification_leaves_its_own_event(events):
    checking.verify_and_note(acting_user_label="ada", now=LATER)
    last = checking.last_verification()
    assert last is not None
    assert last.after is not None
    assert (last.actor, last.after["sound"], last.after["rows"]) == ("ada", True, 5)


def test_the_command_seals_prints_heads_and_compares_with_heads_that_were_kept(events, capsys, tmp_path):
    call_command("audit", "heads")
    kept = tmp_path / "kept.json"
    kept.write_text(capsys.readouterr().out)
    call_command("audit", "seal")
    call_command("audit", "verify", "--heads", str(kept))
    with as_an_intruder():
        Seal.objects.all().delete()
    with pytest.raises(SystemExit):
        call_command("audit", "verify", "--heads", str(kept))
    assert "shorter than a head that was kept outside" in capsys.readouterr().out


def test_the_export_is_json_lines_with_what_waits_at_the_end(events):
    note(9, at=LATER + timedelta(hours=1))
    out = io.StringIO()
    call_command("audit", "export", stdout=out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["place"] for row in rows] == [1, 2, 3, 4, 5, None]
    assert (rows[0]["actor"], rows[0]["before"], rows[0]["after"]) == ("ada", {"n": 0.5}, {"n": 0})
    assert len({row["link"] for row in rows[:5]}) == 5


@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_and_four_sealers_lose_no_row_and_never_fork():
    writers, each, errors = 16, 12, []
    done = threading.Event()

    @durable_write
    def write(name: str, number: int) -> None:
        note(number, at=NOW + timedelta(milliseconds=number * 20 + hash(name) % 20))

    def run(work) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 (whatever it is, the test tells it)
            errors.append(error)
        finally:
            connections.close_all()

    def sealing() -> None:
        while not done.is_set():
            sealer.seal_books(now=NOW + timedelta(seconds=1), lag=timedelta(0))

    sealers = [threading.Thread(target=run, args=(sealing,)) for _ in range(4)]
    threads = [
        threading.Thread(target=run, args=(lambda name=name: [write(name, n) for n in range(each)],))
        for name in (str(uuid.uuid4()) for _ in range(writers))
    ]
    for thread in (*sealers, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    seal()
    assert errors == []
    assert sum(Seal.objects.filter(book="audit").values_list("count", flat=True)) == writers * each
    assert found() == []
