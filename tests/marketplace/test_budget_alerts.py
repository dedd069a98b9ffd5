"""Owners are told once that half, four fifths and all of a budget is spent, and again when it is news."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from marketplace import budget_alerts, budget_mail, pausing, rolling
from marketplace.models import BudgetAlert, Role
from tests.booking import answer, top_up
from tests.builders import live_source, publish
from workers import tasks

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

NOON = datetime(2027, 3, 10, 12, 30, tzinfo=UTC)


@pytest.fixture
def owner_with_address(cast):
    cast.owner.user.email = "owner@example.org"
    cast.owner.user.save()
    return cast.owner


@pytest.fixture
def source(cast):
    top_up(cast.buyer, 1_000_000)
    return live_source(cast.owner, influence_nats={"lifetime": 10})


def told():
    return [one.percent for one in BudgetAlert.objects.filter(rearmed_at__isnull=True).order_by("id")]


def look(now=None):
    return budget_alerts.look(now=now or timezone.now())


def test_each_threshold_is_told_once(cast, source):
    answer(cast.buyer, "almanac", 4)
    assert look() == 0
    answer(cast.buyer, "almanac", 1, cap=1)
    assert (look(), look()) == (1, 0)
    answer(cast.buyer, "almanac", 5, cap=5)
    assert (look(), look()) == (2, 0)
    assert told() == [50, 80, 100]


def test_dust_that_no_answer_can_use_counts_as_spent(cast):
    top_up(cast.buyer, 1_000_000)
    live_source(cast.owner, influence_nats={"lifetime": 10.0005})
    answer(cast.buyer, "almanac", 10)
    look()
    assert told() == [50, 80, 100]


def test_a_raised_limit_rearms_only_what_is_no_longer_reached(cast, source):
    answer(cast.buyer, "almanac", 10)
    look()
    publish(cast.owner, source, influence_nats={"lifetime": 16})
    assert look() == 0
    assert told() == [50]
    answer(cast.buyer, "almanac", 3, cap=3)
    assert (look(), look()) == (1, 0)
    assert told() == [50, 80]


def test_a_lowered_limit_is_told_too(cast, source):
    answer(cast.buyer, "almanac", 4)
    publish(cast.owner, source, influence_nats={"lifetime": 4})
    assert look() == 3


def test_a_pause_tells_nothing_and_forgets_nothing(cast, source):
    answer(cast.buyer, "almanac", 6)
    look()
    pausing.pause(source=source, budget="lifetime", acting_user=cast.owner.user, now=timezone.now())
    assert look() == 0
    assert told() == [50]


def test_each_calendar_period_and_each_consumer_has_alerts_of_its_own(cast):
    for buyer in (cast.buyer, cast.outsider):
        top_up(buyer, 1_000_000)
    windows = [{"per": "hour", "kind": "calendar", "consumers": "each", "nats": 10}]
    live_source(cast.owner, influence_nats={"windows": windows})
    answer(cast.buyer, "almanac", 6, now=NOON)
    assert look(NOON) == 1
    answer(cast.outsider, "almanac", 6, now=NOON)
    assert look(NOON) == 1
    answer(cast.buyer, "almanac", 6, now=NOON + timedelta(hours=1))
    assert look(NOON + timedelta(hours=1)) == 1
    assert BudgetAlert.objects.filter(budget="hour-calendar-each", percent=50).count() == 3


def test_a_rolling_window_tells_again_when_it_has_come_round(cast):
    top_up(cast.buyer, 1_000_000)
    windows = [{"per": "hour", "kind": "rolling", "consumers": "all", "nats": 10}]
    live_source(cast.owner, influence_nats={"windows": windows})
    answer(cast.buyer, "almanac", 6, now=NOON)
    assert look(NOON) == 1
    for minutes in range(1, 70):
        rolling.roll_due(now=NOON + timedelta(minutes=minutes))
    later = NOON + timedelta(minutes=70)
    assert look(later) == 0
    assert told() == []
    answer(cast.buyer, "almanac", 6, now=later)
    assert look(later) == 1


def test_no_limit_and_a_limit_of_zero_tell_nothing(cast, source):
    answer(cast.buyer, "almanac", 6)
    publish(cast.owner, source, influence_nats=None)
    assert look() == 0
    publish(cast.owner, source, influence_nats={"lifetime": 0})
    assert look() == 0


def test_the_owners_get_one_letter_for_all_that_is_new(
    cast, owner_with_address, source, django_capture_on_commit_callbacks
):
    cast.owner.colleague(Role.VIEWER)
    answer(cast.buyer, "almanac", 8)
    with django_capture_on_commit_callbacks(execute=True):
        look()
    (letter,) = mail.outbox
    assert letter.to == ["owner@example.org"]
    assert "50% of the lifetime budget is spent: 8.000 nats of 10.000 nats." in letter.body
    assert "80% of the lifetime budget" in letter.body
    with django_capture_on_commit_callbacks(execute=True):
        look()
    assert len(mail.outbox) == 1


def test_a_letter_that_could_not_be_sent_is_tried_again(
    cast, owner_with_address, source, settings, django_capture_on_commit_callbacks
):
    answer(cast.buyer, "almanac", 5)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "nowhere.Backend"
    with django_capture_on_commit_callbacks(execute=True):
        look()
    settings.EMAIL_BACKEND = working
    now = timezone.now()
    assert (budget_mail.send_waiting(now=now), budget_mail.send_waiting(now=now)) == (1, 0)


def test_owners_without_an_address_are_told_in_the_portal_only(cast, source):
    answer(cast.buyer, "almanac", 5)
    look()
    assert budget_mail.send_waiting(now=timezone.now()) == 0
    assert told() == [50]


def test_upkeep_looks_at_budgets(cast, source):
    answer(cast.buyer, "almanac", 5)
    tasks.keep_budgets()
    assert told() == [50]
