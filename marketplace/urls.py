"""The market's part of /v1."""

from django.urls import path

from marketplace.api import (
    documents,
    money,
    payouts,
    policies,
    privacy,
    sources,
    standing,
    statements,
    top_ups,
    training,
)

urlpatterns = [
    path("sources", sources.Sources.as_view()),
    path("sources/<slug:slug>", sources.OneSource.as_view()),
    path("sources/<slug:slug>/documents", documents.Documents.as_view()),
    path("sources/<slug:slug>/train", training.Train.as_view()),
    path("sources/<slug:slug>/policy", policies.PolicyView.as_view()),
    path("sources/<slug:slug>/policy/validate", policies.PolicyValidate.as_view()),
    path("sources/<slug:slug>/suspend", standing.Suspend.as_view()),
    path("sources/<slug:slug>/resume", standing.Resume.as_view()),
    path("sources/<slug:slug>/withdraw", standing.Withdraw.as_view()),
    path("sources/<slug:slug>/budgets", money.Budgets.as_view()),
    path("sources/<slug:slug>/privacy", privacy.Privacy.as_view()),
    path("sources/<slug:slug>/partitions", training.Partitions.as_view()),
    path("sources/<slug:slug>/earnings", money.Earnings.as_view()),
    path("sources/<slug:slug>/earnings/statement", statements.SourceStatement.as_view()),
    path("earnings/statement", statements.EarningsStatement.as_view()),
    path("jobs", training.Jobs.as_view()),
    path("jobs/<int:job_id>", training.OneJob.as_view()),
    path("jobs/<int:job_id>/cancel", training.CancelJob.as_view()),
    path("account", money.Account.as_view()),
    path("account/usage", money.Usage.as_view()),
    path("account/statement", statements.AccountStatement.as_view()),
    path("account/top-ups", top_ups.TopUps.as_view()),
    path("account/top-ups/<uuid:top_up_id>", top_ups.OneTopUp.as_view()),
    path("payouts", payouts.Payouts.as_view()),
    path("payouts/<uuid:payout_id>", payouts.OnePayout.as_view()),
    path("payouts/<uuid:payout_id>/cancel", payouts.CancelPayout.as_view()),
    path("purposes", policies.PurposesView.as_view()),
]
