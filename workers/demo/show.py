"""The demo's course: people, sources, training, questions, books. It runs inside a process that serves.

Every stage is a use case or a request to the served API; the stages' times are printed at the end.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounting import ledger
from marketplace.models import Source
from workers.demo import settling, training
from workers.demo.asking import Client
from workers.demo.cast import BUYER, OPERATOR_USERNAME, Owner, Question
from workers.demo.notes import Notes
from workers.demo.report import Report
from workers.demo.settling import Party


@dataclass(frozen=True, slots=True)
class Show:
    """What is shown: which owners, which questions, on which server."""

    owners: Sequence[Owner]
    questions: Sequence[Question]
    base_url: str
    adapter_tokens: int | None
    report: Report

    def run(self) -> None:
        notes = Notes.read(Path(settings.VAR_DIR) / "demo.json")
        with self.report.stage(
            "Owners register their text, set a policy and a budget; a buyer's wallet is filled"
        ):
            operator = settling.operator(notes=notes)
            buyer = settling.buyer(notes=notes, acting_user=operator, now=timezone.now())
            registered = [self._register(owner, notes) for owner in self.owners]
            self._write(notes, registered)
        with self.report.stage("Each source's partition is trained, from its own text only"):
            pairs = [(source, party.user) for _, party, source in registered]
            partitions = training.train(
                sources=pairs, adapter_tokens=self.adapter_tokens, console=self.report.console
            )
            for partition in partitions:
                self.report.partition(partition)
        client = Client(self.base_url, buyer.api_key, settings.CORE_SLUG)
        edition = hashlib.sha256("".join(partition.digest for partition in partitions).encode()).hexdigest()
        for number, question in enumerate(self.questions, start=1):
            self._ask(number, question, client, edition)
        self.report.trial_balance(ledger.trial_balance())
        self.report.times()
        self._say_how_to_go_on(notes, registered, client, self.questions[0])

    def _register(self, owner: Owner, notes: Notes) -> tuple[Owner, Party, Source]:
        party = settling.party(slug=owner.slug, name=owner.organisation, notes=notes, now=timezone.now())
        source = settling.source(owner=owner, acting=party, now=timezone.now())
        newest = source.versions.order_by("-number")[0]
        documents = newest.documents.all()
        kilobytes = sum(document.size for document in documents) // 1000
        self.report.line(
            f"{owner.organisation}: {owner.source}, {len(documents)} documents, {kilobytes:,} kB, "
            f"regime {owner.policy['regime']}, purposes {', '.join(owner.policy['purposes']['allow'])}"
        )
        return owner, party, source

    def _ask(self, number: int, question: Question, client: Client, edition: str) -> None:
        with self.report.stage(f"Question {number}: {question.heading}"):
            body = client.ask(question, edition=edition)
            verification = client.verify(body["abc"]["receipt_id"])
            self.report.answer(question=question.text, body=body, verification=verification)

    def _write(self, notes: Notes, registered: Sequence[tuple[Owner, Party, Source]]) -> None:
        owners = [
            {"slug": owner.slug, "organisation": party.organisation.slug, "sources": [source.slug]}
            for owner, party, source in registered
        ]
        notes.write(base_url=self.base_url, buyer=BUYER[0], operator=OPERATOR_USERNAME, owners=owners)

    def _say_how_to_go_on(
        self,
        notes: Notes,
        registered: Sequence[tuple[Owner, Party, Source]],
        client: Client,
        question: Question,
    ) -> None:
        logins = [(f"owner ({owner.organisation})", party.user.username) for owner, party, _ in registered]
        logins += [("buyer", BUYER[0]), ("operator (console at /admin/)", OPERATOR_USERNAME)]
        self.report.logins(
            base_url=self.base_url,
            logins=[(who, username, notes.passwords[username]) for who, username in logins],
            curl=client.curl(question),
        )
