"""The demo: the whole way printed, the same again when it is repeated, and a user's own folder."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from marketplace.policy import plain
from marketplace.policy.request import Deny, Mode, Request
from tests.workers.client import free_port
from tests.workers.test_serve_command import environment_of
from workers.demo import cast, corpus


class Demo:
    """Runs the demo's command to its end over one var directory."""

    def __init__(self, var: Path, core: Path) -> None:
        self.var = var
        self._environment = {**environment_of(var, core), "DEMO_SERVE": "0"}

    def run(self, *arguments: str) -> str:
        tokens = ("--port", str(free_port()), "--adapter-tokens", "300")
        return self.command(*arguments, *tokens)

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR, env=self._environment, capture_output=True, text=True, timeout=280,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def notes(self) -> dict[str, Any]:
        notes: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
        return notes


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, tiny_core_directory: Path) -> Demo:
    return Demo(tmp_path_factory.mktemp("var"), tiny_core_directory)


@pytest.fixture(scope="module")
def first(demo: Demo) -> str:
    return on_one_line(demo.run("-m", "tests.workers.small_demo"))


def on_one_line(printed: str) -> str:
    """Without the line breaks of whatever width the terminal had."""
    return " ".join(printed.split())


def receipts(printed: str) -> list[str]:
    return re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", printed)


def test_four_questions_are_answered_paid_and_verified_and_the_books_are_even(demo, first) -> None:
    for number in range(1, 5):
        assert f"Question {number}" in first
    assert len(set(receipts(first))) == 4
    assert first.count("signature valid, sums right") == 4
    assert "Private answers are not replayed" in first
    assert re.search(r"pytorch-docstrings\W+purpose", first)
    assert re.search(r"django-docstrings\W+ignore", first)
    assert "Where the time went" in first
    demo.command("manage.py", "ledger", "check")


def test_the_notes_name_what_a_script_needs_to_go_on(demo, first) -> None:
    notes = demo.notes()
    assert notes["base_url"].startswith("http://127.0.0.1:")
    assert notes["buyer_api_key"].startswith("dvm_")
    assert notes["buyer_organisation"]
    assert set(notes["operator"]) == {"username", "password"}
    assert len(notes["owners"]) == 4
    for owner in notes["owners"]:
        assert {"slug", "organisation", "api_key", "sources"} == set(owner)
        assert owner["api_key"].startswith("dvm_")
        assert len(owner["sources"]) == 1
    assert (demo.var / "demo.json").stat().st_mode & 0o077 == 0


def test_a_repeated_demo_pays_nothing_twice_and_keeps_its_keys(demo, first) -> None:
    before = demo.notes()
    again = on_one_line(demo.run("-m", "tests.workers.small_demo"))
    after = demo.notes()
    assert receipts(again) == receipts(first)
    assert {**before, "base_url": ""} == {**after, "base_url": ""}
    demo.command("manage.py", "ledger", "check")


def test_a_users_own_folder_goes_the_same_way(demo, first, tmp_path) -> None:
    folder = tmp_path / "My notes"
    folder.mkdir()
    (folder / "clocks.md").write_text("The keeper winds every clock on Monday morning. " * 40)
    (folder / "maps.txt").write_text("Maps rest in the dark for three months of the year. " * 40)
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    question = "When does the keeper wind the clock?"
    printed = on_one_line(demo.run("manage.py", "demo", "--folder", str(folder), "--question", question))
    assert question in printed
    assert "own-my-notes, 2 documents" in printed
    assert printed.count("signature valid, sums right") == 1


def test_the_four_owners_differ_in_regime_and_one_forbids_the_purpose() -> None:
    policies = {owner.source: plain.parse(owner.policy) for owner in cast.OWNERS}
    assert {policy.limits.regime for policy in policies.values()} == {
        "measurement", "attribution", "privacy",
    }  # fmt: skip
    denied = []
    for source, policy in policies.items():
        mode: Mode = "private" if policy.limits.regime == "privacy" else "open"
        request = Request(consumer=cast.BUYER[0], purpose=cast.PURPOSE, now=datetime.now(UTC), mode=mode)
        if isinstance(policy.verify(request), Deny):
            denied.append(source)
    assert denied == ["pytorch-docstrings"]


def test_only_text_files_of_a_folder_are_taken_also_below_it(tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.MD").write_text("two")
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "empty.txt").write_text("  \n")
    (tmp_path / "c.pdf").write_text("three")
    assert corpus.text_files(tmp_path) == [("a.txt", b"one"), ("deep--b.MD", b"two")]
