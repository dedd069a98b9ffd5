"""What an answer rests on: made by the first, read by the others, named on the receipt."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace import agreements
from marketplace.models import Agreement, Side

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def source_of(scene, reply):
    return scene.receipt(reply.json()["abc"]["receipt_id"]).body["sources"][0]


def test_the_first_answer_makes_an_agreement_and_every_receipt_names_it(scene):
    first = source_of(scene, scene.ask(abc={"only": ["python-guide"]}))
    made = Agreement.objects.get()
    assert (made.automatic, made.purpose, made.consumer) == (
        True, "academic-research", scene.cast.buyer.organisation,
    )  # fmt: skip
    assert first["agreement"] == str(made.pk)
    assert first["policy_version"] == made.policy_version.number
    assert first["policy_digest"] == made.policy_version.digest
    with CaptureQueriesContext(connection) as queries:
        second = source_of(scene, scene.ask(abc={"only": ["python-guide"]}))
    assert second["agreement"] == first["agreement"]
    touching = [one["sql"] for one in queries if "marketplace_agreement" in one["sql"]]
    assert not any(sql.startswith(("INSERT", "UPDATE")) for sql in touching)
    assert Agreement.objects.count() == 1


def test_a_private_receipt_names_policy_and_agreement_too(scene):
    privacy = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=privacy)
    found = source_of(scene, scene.ask(seed=None, abc={"mode": "private", "only": ["clinic"]}))
    assert found["agreement"] == str(Agreement.objects.get().pk)
    assert (found["policy_version"], len(found["policy_digest"])) == (1, 64)


def test_a_plan_makes_no_agreement(scene):
    reply = scene.cast.buyer.api.post("/v1/plan", scene.body(abc={"only": ["python-guide"]}), format="json")
    assert [one["source"] for one in reply.json()["sources"]] == ["python-guide"]
    assert not Agreement.objects.exists()


@pytest.mark.parametrize("address", ["/v1/chat/completions", "/v1/plan"])
def test_a_source_whose_owner_ended_the_agreement_is_left_out_by_its_own_rule(scene, address):
    scene.ask(abc={"only": ["python-guide"]})
    agreements.end(
        agreement=Agreement.objects.get(), side=Side.OWNER, reason="Misused.",
        acting_user=scene.cast.owner.user, now=timezone.now(),
    )  # fmt: skip
    body = scene.body(abc={"only": ["python-guide"]})
    told = scene.cast.buyer.api.post(address, body, format="json").json()
    told = told.get("abc", told)
    assert told["sources"] == []
    assert [(one["source"], one["rule"]) for one in told["excluded"]] == [("python-guide", "agreement")]
    body["abc"] = {"require": ["python-guide"]}
    assert scene.cast.buyer.api.post("/v1/chat/completions", body, format="json").status_code == 403
