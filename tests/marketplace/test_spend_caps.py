"""Spend caps of a key: one for its whole life, one for each UTC day, changed at any time, counted once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from accounting import ledger
from accounting.errors import Invalid, PermissionDenied
from accounting.models import Account, AuditEvent
from marketplace import spend_caps
from marketplace.models import ApiKey, DaySpendCap, Role
from tests.cast import Actor, Cast

pytestmark = [pytest.mark.books, pytest.mark.django_db]
NIGHT = datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)


def key_of(actor: Actor) -> ApiKey:
    return ApiKey.objects.select_related("organisation").get(organisation=actor.organisation)


def change(cast: Cast, in_all: int | None, daily: int | None, acting: Actor | None = None) -> ApiKey:
    return spend_caps.change(
        key=key_of(cast.buyer), spend_cap_micro_usd=in_all, daily_cap_micro_usd=daily,
        acting_user=(acting or cast.buyer).user, now=NIGHT,
    )  # fmt: skip


def left(account_id: int) -> int | None:
    return ledger.balance(account_id).available


def test_a_key_without_caps_is_held_against_nothing(cast: Cast):
    assert spend_caps.open_for(key=key_of(cast.buyer), now=NIGHT) == ()
    assert spend_caps.open_for(key=None, now=NIGHT) == ()
    assert not DaySpendCap.objects.exists()


def test_both_caps_are_accounts_that_can_refuse(cast: Cast):
    key = change(cast, 700, 300)
    in_all, daily = spend_caps.open_for(key=key, now=NIGHT)
    assert (left(in_all), left(daily)) == (700, 300)
    labels = {account.pk: account.label for account in Account.objects.filter(kind="spend_cap")}
    assert labels == {
        in_all: f"spend cap of key {key.prefix}",
        daily: f"daily spend cap of key {key.prefix} on 2026-05-31 (UTC)",
    }


def test_one_account_a_utc_day_and_a_new_one_at_midnight(cast: Cast):
    key = change(cast, None, 300)
    first = spend_caps.open_for(key=key, now=NIGHT)
    assert spend_caps.open_for(key=key, now=NIGHT - timedelta(hours=23)) == first
    assert spend_caps.open_for(key=key, now=NIGHT + timedelta(seconds=1)) != first
    assert [row.day.isoformat() for row in DaySpendCap.objects.order_by("day")] == [
        "2026-05-31",
        "2026-06-01",
    ]


def test_a_moved_daily_cap_moves_the_day_that_runs(cast: Cast):
    (account,) = spend_caps.open_for(key=change(cast, None, 300), now=NIGHT)
    for limit in (500, 0, 200):
        assert spend_caps.open_for(key=change(cast, None, limit), now=NIGHT) == (account,)
        assert left(account) == limit
    assert spend_caps.open_for(key=change(cast, None, None), now=NIGHT) == ()


def test_a_lifted_cap_that_is_set_again_remembers_what_was_spent_under_it(cast: Cast):
    key = change(cast, 700, None)
    account = key.spend_cap_account_id
    assert account is not None
    assert spend_caps.open_for(key=change(cast, None, None), now=NIGHT) == ()
    again = change(cast, 100, None)
    assert again.spend_cap_account_id == account
    assert left(account) == 100


def test_states_say_limit_spent_and_left_of_both(cast: Cast):
    key = change(cast, 700, 300)
    states = spend_caps.states([key], now=NIGHT)[key.pk]
    assert states.in_all == spend_caps.CapState(limit=700, spent=0, left=700)
    assert states.daily == spend_caps.CapState(limit=300, spent=0, left=300)
    none = key_of(cast.owner)
    assert spend_caps.states([none], now=NIGHT)[none.pk].in_all is None


def test_a_change_leaves_one_audit_row_and_no_change_none(cast: Cast):
    change(cast, 700, 300)
    change(cast, 700, 300)
    event = AuditEvent.objects.get(action="api_key.caps_changed")
    assert event.before == {"spend_cap_micro_usd": None, "daily_cap_micro_usd": None}
    assert event.after == {"spend_cap_micro_usd": 700, "daily_cap_micro_usd": 300}
    assert (event.actor, event.organisation_slug) == ("buyer", "buyer")


@pytest.mark.parametrize("who", ["outsider", "second_owner"])
def test_others_do_not_change_caps(cast: Cast, who: str):
    with pytest.raises(PermissionDenied):
        change(cast, 1, 1, acting=getattr(cast, who))


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FINANCE, Role.VIEWER])
def test_colleagues_who_are_no_owners_do_not_change_caps(cast: Cast, role: Role):
    colleague = cast.buyer.colleague(role)
    key = ApiKey.objects.get(created_by=cast.buyer.user)
    with pytest.raises(PermissionDenied):
        spend_caps.change(
            key=key, spend_cap_micro_usd=1, daily_cap_micro_usd=1, acting_user=colleague.user, now=NIGHT
        )


def test_a_negative_cap_is_refused(cast: Cast):
    for caps in ((-1, None), (None, -1)):
        with pytest.raises(Invalid):
            change(cast, *caps)


@pytest.mark.django_db(transaction=True)
def test_first_answers_of_a_day_at_the_same_moment_open_one_account(cast: Cast):
    key = change(cast, None, 300)
    start, got = threading.Barrier(4), []

    def first() -> None:
        start.wait()
        try:
            got.append(spend_caps.open_for(key=key, now=NIGHT))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert len(set(got)) == 1
