"""The simulator's and the back-test's results as the policy page shows them. Refusals become sentences."""

from typing import Any

from django.utils import timezone

from accounting.errors import DomainError
from marketplace.backtest.rows import MOST_CONSUMERS_SHOWN
from marketplace.backtest.run import Backtest
from marketplace.backtest.run import backtest as run_backtest
from marketplace.models import Source
from marketplace.policy import plain as plain_form
from marketplace.portal.actions import in_words
from marketplace.portal.forms import PolicyForm, ReplayForm, TrialForm
from marketplace.simulating import simulate

Json = dict[str, Any]
NOT_YET = "The policy does not hold together yet; correct it first."
UNREADABLE = "Correct what is marked in this part first."


def tried(source: Source, form: PolicyForm, trial: TrialForm) -> Json:
    """What would happen to the request of `trial` under the policy of `form`."""
    shown: Json = {"trial": trial}
    if form.errors or not trial.is_valid():
        return shown | {"refused": NOT_YET if form.errors else UNREADABLE}
    plain = form.plain()
    asking = trial.asking(timezone.now())
    policy = plain_form.parse(plain)
    return shown | {"simulation": simulate(source=source, plain=plain, policy=policy, asking=asking)}


def replayed(source: Source, form: PolicyForm, replay: ReplayForm) -> Json:
    """What the policy of `form` would have changed."""
    shown: Json = {"replay": replay}
    if form.errors or not replay.is_valid():
        return shown | {"replay_refused": NOT_YET if form.errors else UNREADABLE}
    try:
        result = result_of(source, form, replay)
    except DomainError as refusal:
        return shown | {"replay_refused": in_words(refusal)}
    consumers = list(result.by_consumer.items())
    return shown | {
        "backtest": result,
        "consumers": consumers[:MOST_CONSUMERS_SHOWN],
        "more_consumers": max(0, len(consumers) - MOST_CONSUMERS_SHOWN),
    }


def result_of(source: Source, form: PolicyForm, replay: ReplayForm) -> Backtest:
    draft = plain_form.parse(form.plain())
    return run_backtest(source=source, draft=draft, days=replay.cleaned_data["days"], now=timezone.now())
