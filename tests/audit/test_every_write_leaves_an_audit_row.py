"""Every write leaves an audit row in its transaction, or stands here with the reason why it needs none."""

import pytest

from tests.audit.writes import RECORD, functions, reached_from, transactions, writers

LEDGER = "transfers, holds and receipts are append-only, sealed, and their own record"
LIMIT = "a limit is transfers; the decision that it follows from is audited by whoever took it"
WORK = "how far a piece of work is: the row is the record, its beginning and its end are audited"
ANSWER = "an answer's own state; what it cost stands in its hold and its receipt"
DEMO = "the demonstration's own people, made once on an empty installation"
LEDGER_MODULES = ("accounting.holds", "accounting.settlement", "accounting.ledger", "accounting.transfers",
                  "accounting.movers", "accounting.free_credit")  # fmt: skip
DAY_CAP = "a day's account follows its key's cap, whose change has an audit row"
SKETCH = "sketches of texts and what they resemble, made from versions, whose uploads are audited"
COPY = "copies for searching, made from their sources, whose changes are audited"
EXEMPT = {
    "accounting.budgets.set_limit": LIMIT,
    "accounting.wallets.set_spend_cap": LIMIT,
    "marketplace.limits_stated.state_limit": LIMIT,
    "marketplace.catalogue.entries.write": COPY,
    "marketplace.duplicates.comparing.forget": SKETCH,
    "marketplace.duplicates.comparing._write": SKETCH,
    "marketplace.duplicates.comparing._find_pairs": SKETCH,
    "marketplace.catalogue.entries.rebuild": COPY,
    "marketplace.catalogue.entries.mend": COPY,
    "marketplace.rolling.roll": "a rolling window gives back what has left it, by a stated rule",
    "marketplace.window_budgets._create": "a window's account, opened when first needed, as its policy says",
    "marketplace.spend_caps._create": DAY_CAP,
    "marketplace.spend_caps._of_today": DAY_CAP,
    "accounting.payments.top_ups._opened": WORK,
    "accounting.sealing.sealer._seal_next": "a seal is signed and is what the audit log is proven by",
    "inference.lifecycle.queue": ANSWER,
    "inference.lifecycle.start": ANSWER,
    "inference.lifecycle.begin_choices": ANSWER,
    "inference.lifecycle.renew": ANSWER,
    "inference.lifecycle.finish": ANSWER,
    "inference.lifecycle.fail": ANSWER,
    "inference.lifecycle.cancel_waiting": ANSWER,
    "inference.settling.settle_answer": ANSWER,
    "inference.summarising.summarise_all": "summaries made from the partitions' own indexes",
    "marketplace.api.repeats._keep": "the kept reply of a write that has its own audit row",
    "marketplace.access._note_use": "when a key was last used, to the minute",
    "marketplace.job_lease.claim": WORK,
    "marketplace.job_lease.progress": WORK,
    "marketplace.job_lease.give_back": WORK,
    "workers.demo.settling._person": DEMO,
    "workers.demo.settling.operator": DEMO,
}


def audited(names: set[str]) -> list[str]:
    """Those that stand neither in EXEMPT nor in a module of the ledger itself."""
    return sorted(name for name in names - set(EXEMPT) if not name.startswith(LEDGER_MODULES))


@pytest.mark.parametrize("name", audited(transactions()))
def test_a_transaction_that_writes_leaves_an_audit_row(name: str) -> None:
    reached = reached_from(name)
    if reached & writers():
        assert RECORD in reached, f"{name} writes rows: record who did what, or give a reason in EXEMPT"


@pytest.mark.parametrize("name", audited(writers()))
def test_rows_are_written_inside_a_transaction_that_leaves_an_audit_row(name: str) -> None:
    inside = {one for one in transactions() if name in reached_from(one)}
    assert inside, (
        f"{name} writes rows outside any transaction: make it a use case, or give a reason in EXEMPT"
    )


def test_the_exceptions_are_all_needed() -> None:
    assert set(EXEMPT) <= set(functions()), "a function that is gone"
    assert all(one in writers() or reached_from(one) & writers() for one in EXEMPT), (
        "a function that writes nothing needs no exception"
    )


def test_the_reader_of_the_code_sees_what_it_should() -> None:
    assert {"marketplace.access.issue_key", "accounting.payouts.request"} <= transactions()
    assert {"marketplace.access.issue_key", "accounting.audit.record"} <= writers()
    assert RECORD in reached_from("accounting.payouts.request")
    assert RECORD not in reached_from("accounting.holds.place")
