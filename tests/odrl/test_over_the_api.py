"""/v1/sources/{slug}/odrl and the profile: read by those who may see the source, imported by its editors."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounting.models import AuditEvent
from marketplace import consumer_groups, listing, publishing
from marketplace.models import PolicyVersion, Role
from tests.api.reading import problem
from tests.builders import draft_source, policy, publish

pytestmark = [pytest.mark.books, pytest.mark.django_db]

ADDRESS = "/v1/sources/almanac/odrl"
LINKED_DATA = "application/ld+json"
NAMED: dict[str, Any] = {
    "consumers": {"allow": ["*", "buyer"], "deny": ["group:rivals"]},
    "not_together_with": ["essays"],
    "prices": [{"consumer": "buyer", "price_micro_usd_per_nat": 7}],
}


@pytest.fixture(autouse=True)
def source(cast):
    consumer_groups.open_group(
        slug="rivals", title="Rivals", acting_user=cast.operator.user, now=timezone.now()
    )
    return publish(cast.owner, draft_source(cast.owner), **NAMED)


def put(api, document, content_type=LINKED_DATA):
    import json

    return api.put(ADDRESS, json.dumps(document), content_type=content_type)


def test_the_owner_gets_the_offer_in_full(cast):
    reply = cast.owner.api.get(ADDRESS)
    assert (reply.status_code, reply["Content-Type"]) == (200, LINKED_DATA)
    body = reply.json()
    assert body["@context"] == ["http://www.w3.org/ns/odrl.jsonld", "http://testserver/ns/abc/v1"]
    assert body["profile"] == "http://testserver/ns/abc/v1"
    assert body["uid"] == f"http://testserver{ADDRESS}"
    assert "abc-group:rivals" in reply.content.decode()


@pytest.mark.parametrize("who", ["second_owner", "buyer", "outsider", "operator", "stranger"])
def test_others_get_it_without_names(cast, who):
    api = cast.stranger if who == "stranger" else getattr(cast, who).api
    reply = api.get(ADDRESS, headers={"Accept": LINKED_DATA})
    assert reply.status_code == 200
    text = reply.content.decode()
    for hidden in ("buyer", "rivals", "essays"):
        assert hidden not in text
    assert text.count("abc:undisclosed") == 4


@pytest.mark.parametrize("who", ["buyer", "stranger"])
def test_what_is_not_open_is_not_found_for_others(cast, source, who):
    api = cast.stranger if who == "stranger" else getattr(cast, who).api
    for visibility, code in (("listed_on_request", "no_offer"), ("private", "not_found")):
        now = timezone.now()
        listing.set_visibility(source=source, visibility=visibility, acting_user=cast.owner.user, now=now)
        problem(api.get(ADDRESS), 404, code)
        assert cast.owner.api.get(ADDRESS).status_code == 200
    problem(api.get("/v1/sources/there-is-none/odrl"), 404, "not_found")


def test_a_source_without_a_policy_has_no_offer(cast):
    draft_source(cast.owner, "bare")
    problem(cast.owner.api.get("/v1/sources/bare/odrl"), 404, "no_offer")


def test_an_offer_that_was_exported_is_imported_again_as_the_same_policy(cast, source):
    exported = cast.owner.api.get(ADDRESS).json()
    reply = put(cast.owner.api, exported)
    assert (reply.status_code, reply.json()["number"]) == (200, 1)
    assert PolicyVersion.objects.count() == 1
    assert cast.owner.api.get(ADDRESS).json() == exported


@pytest.mark.parametrize("content_type", [LINKED_DATA, "application/json"])
def test_a_changed_offer_becomes_the_next_policy(cast, content_type):
    offer = cast.owner.api.get(ADDRESS).json()
    offer["permission"][0]["constraint"].append(
        {"leftOperand": "abc:gamma", "operator": "lteq", "rightOperand": 0.25}
    )
    body = put(cast.owner.api, offer, content_type).json()
    assert (body["number"], body["plain"]["max_gamma"]) == (2, 0.25)
    assert "Its voting right is at most 25%." in body["sentences"]
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.action) == ("owner", "policy.published")


def test_what_is_not_known_is_refused_with_its_path_and_nothing_is_published(cast):
    offer = cast.owner.api.get(ADDRESS).json()
    offer["permission"][0]["constraint"].append(
        {"leftOperand": "count", "operator": "lteq", "rightOperand": 5}
    )
    place = len(offer["permission"][0]["constraint"]) - 1
    body = problem(put(cast.owner.api, offer), 422, "invalid_policy")
    [found] = body["problems"]
    assert found["path"] == f"$.permission[0].constraint[{place}].leftOperand"
    tried = cast.owner.api.post(f"{ADDRESS}/validate", offer, format="json").json()
    assert (tried["valid"], tried["problems"], tried["plain"]) == (False, [found], None)
    assert PolicyVersion.objects.count() == 1


def test_an_offer_is_tried_without_being_published(cast):
    offer = cast.owner.api.get(ADDRESS).json()
    offer["permission"][0]["duty"] = [{"action": "obtainConsent"}]
    tried = cast.owner.api.post(f"{ADDRESS}/validate", offer, format="json").json()
    assert tried["valid"]
    assert tried["plain"]["approval"] == "required"
    assert any("be approved by the owner first" in sentence for sentence in tried["sentences"])
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize("body", ["[]", "5", "null", '"offer"'])
def test_a_body_that_is_no_object_is_invalid(cast, body):
    reply = cast.owner.api.put(ADDRESS, body, content_type=LINKED_DATA)
    problem(reply, 422, "invalid")


def test_a_body_that_is_not_json_is_malformed(cast):
    problem(cast.owner.api.put(ADDRESS, "{", content_type=LINKED_DATA), 400, "bad_json")
    problem(cast.owner.api.put(ADDRESS, '{"a": NaN}', content_type=LINKED_DATA), 400, "bad_json")


@pytest.mark.parametrize("who", ["second_owner", "buyer", "outsider", "operator"])
def test_nobody_else_imports_or_tries(cast, who):
    offer = cast.owner.api.get(ADDRESS).json()
    api = getattr(cast, who).api
    problem(put(api, offer), 404, "not_found")
    problem(api.post(f"{ADDRESS}/validate", offer, format="json"), 404, "not_found")
    problem(put(cast.stranger, offer), 401, "unauthenticated")


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 200), (Role.VIEWER, 403), (Role.FINANCE, 403)])
def test_editors_import_and_other_colleagues_do_not(cast, role, status):
    colleague = cast.owner.colleague(role)
    assert put(colleague.api, cast.owner.api.get(ADDRESS).json()).status_code == status


def test_a_group_that_does_not_exist_is_refused_where_the_offer_names_it(cast):
    offer = cast.owner.api.get(ADDRESS).json()
    offer["prohibition"][1]["constraint"][0]["rightOperand"] = {"@id": "abc-group:nobody-knows"}
    body = problem(put(cast.owner.api, offer), 422, "invalid_policy")
    assert [one["path"] for one in body["problems"]] == ["$.prohibition[1].constraint[0]"]


def test_a_key_that_only_reads_reads_in_full_and_does_not_import(cast):
    offer = cast.owner.api.get(ADDRESS).json()
    reading = cast.owner.key_for("sources:read")
    assert reading.get(ADDRESS).json() == offer
    assert cast.owner.key_for("account").get(ADDRESS).json() == cast.stranger.get(ADDRESS).json()
    assert reading.post(f"{ADDRESS}/validate", offer, format="json").status_code == 200
    problem(put(reading, offer), 403, "permission_denied")


def test_a_policy_that_is_announced_is_no_offer_before_its_moment(cast, source):
    now = timezone.now()
    publishing.publish_policy(
        source=source, plain=policy(price_micro_usd_per_nat=99), acting_user=cast.owner.user, now=now,
        effective_at=now + timedelta(days=3),
    )  # fmt: skip
    assert '"99"' not in cast.stranger.get(ADDRESS).content.decode()


def test_the_profile_is_served_as_linked_data_and_as_turtle(client: Client):
    linked = client.get("/ns/abc/v1", headers={"Accept": "application/ld+json, application/json;q=0.9"})
    assert linked["Content-Type"] == LINKED_DATA
    assert linked["Access-Control-Allow-Origin"] == "*"
    assert linked["Vary"].count("Accept") >= 1
    assert linked.json()["@context"]["abc"]["@id"] == "http://testserver/ns/abc/v1#"
    assert {"abc:gamma", "abc-purpose:research"} <= {node["@id"] for node in linked.json()["@graph"]}
    turtle = client.get("/ns/abc/v1", headers={"Accept": "text/turtle"})
    assert turtle["Content-Type"] == "text/turtle; charset=utf-8"
    assert "<http://testserver/ns/abc/v1#gamma> a <http://www.w3.org/ns/odrl/2/LeftOperand> ." in (
        turtle.content.decode()
    )
    assert client.post("/ns/abc/v1").status_code == 405
