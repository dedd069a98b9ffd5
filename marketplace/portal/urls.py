"""The portal's addresses. No trailing slashes: an address reads like a sentence."""

from django.urls import path

from marketplace.portal.views import (
    account,
    budgets,
    catalogue,
    earnings,
    home,
    keys,
    odrl,
    payouts,
    policy,
    receipts,
    session,
    source,
    sources,
    statements,
    wallet,
)

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in", session.sign_in, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("organisation", session.organisation, name="organisation"),
    path("sources", sources.sources, name="sources"),
    path("sources/new", sources.new, name="source-new"),
    path("sources/<slug:slug>", source.source, name="source"),
    path("sources/<slug:slug>/documents", sources.documents, name="documents"),
    path("sources/<slug:slug>/policy", policy.policy, name="policy"),
    path("sources/<slug:slug>/policy/odrl", odrl.odrl, name="odrl"),
    path("sources/<slug:slug>/policy/odrl.jsonld", odrl.download, name="odrl-download"),
    path("sources/<slug:slug>/policy/preview", policy.preview, name="policy-preview"),
    path("sources/<slug:slug>/budgets", budgets.budgets, name="budgets"),
    path("sources/<slug:slug>/budgets/pause", budgets.pause, name="budget-pause"),
    path("sources/<slug:slug>/budgets/resume", budgets.resume, name="budget-resume"),
    path("sources/<slug:slug>/progress", source.progress, name="progress"),
    path("sources/<slug:slug>/train", source.train, name="train"),
    path("sources/<slug:slug>/train/cancel", source.cancel_training, name="cancel-training"),
    path("sources/<slug:slug>/rights", source.rights, name="rights"),
    path("sources/<slug:slug>/rights/adopt", source.adopt_rights, name="rights-adopt"),
    path("sources/<slug:slug>/suspend", source.suspend, name="suspend"),
    path("sources/<slug:slug>/resume", source.resume, name="resume"),
    path("sources/<slug:slug>/withdraw", source.withdraw, name="withdraw"),
    path("sources/<slug:slug>/visibility", source.visibility, name="visibility"),
    path("sources/<slug:slug>/topics", source.topics, name="topics"),
    path("catalogue", catalogue.catalogue, name="catalogue"),
    path("catalogue/<slug:slug>", catalogue.card, name="card"),
    path("compare", catalogue.compare, name="compare"),
    path("earnings", earnings.earnings, name="earnings"),
    path("earnings.csv", earnings.earnings_csv, name="earnings-csv"),
    path("earnings/payouts", payouts.payouts, name="payouts"),
    path("earnings/payouts.csv", payouts.payouts_csv, name="payouts-csv"),
    path("earnings/payouts/<uuid:payout_id>/cancel", payouts.cancel, name="payout-cancel"),
    path("receipts/<uuid:receipt_id>", receipts.receipt, name="receipt"),
    path("account", account.account, name="account"),
    *(
        path(f"{section}/statement{rest}", view, {"of": of, **more}, name=f"{name}{kind}")
        for section, of, name in (("account", "paid", "statement"), ("earnings", "earned", "earned"))
        for rest, view, more, kind in (
            ("", statements.statement, {}, ""),
            ("/print", statements.printed, {}, "-print"),
            (".csv", statements.file, {"form": "csv"}, "-csv"),
            (".json", statements.file, {"form": "json"}, "-json"),
        )
    ),
    path("wallet", wallet.wallet, name="wallet"),
    path("wallet.csv", wallet.wallet_csv, name="wallet-csv"),
    path("wallet/top-ups/<uuid:top_up_id>", wallet.top_up, name="top-up"),
    path("wallet/top-ups/<uuid:top_up_id>/pay", wallet.pay, name="top-up-pay"),
    path("keys", keys.keys, name="keys"),
    path("keys/<int:key_id>/caps", keys.caps, name="key-caps"),
    path("keys/<int:key_id>/revoke", keys.revoke, name="key-revoke"),
]
