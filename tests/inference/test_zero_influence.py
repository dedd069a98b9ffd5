"""Certificates of zero influence: for a source that is off, over real logits; and they can fail."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting import signing
from accounting.models import AuditEvent
from inference import zero_influence as engine_side
from inference.net.probe import Voter, vote_digest
from marketplace import admission, pausing, standing, zero_influence
from marketplace.models import Source, ZeroInfluence
from tests import builders

pytestmark = [pytest.mark.books, pytest.mark.django_db]
SLUG = "python-guide"
ADDRESS = f"/v1/sources/{SLUG}/zero-influence"


def switch(scene, how):
    source, owner = scene.sources[SLUG], scene.cast.owner.user
    match how:
        case "suspended":
            standing.suspend(source=source, acting_user=owner, now=timezone.now(), reason="x")
        case "withdrawn":
            standing.withdraw(source=source, acting_user=owner, now=timezone.now(), reason="x")
        case "paused":
            pausing.pause(source=source, budget="lifetime", acting_user=owner, now=timezone.now())


def asked(scene, actor=None):
    return (actor or scene.cast.owner).api.post(ADDRESS)


def certificate(scene):
    reply = asked(scene)
    assert reply.status_code == 202, reply.content
    return scene.cast.owner.api.get(f"{ADDRESS}/{reply.json()['certificate_id']}").json()


@pytest.mark.parametrize("how", ["suspended", "withdrawn", "paused"])
def test_a_source_that_is_off_is_certified_and_the_evidence_is_signed(scene, how):
    switch(scene, how)
    found = certificate(scene)
    assert (found["state"], found["problem"]) == ("zero", "")
    evidence = found["evidence"]
    assert how in {state["state"] for state in evidence["states"]}
    assert evidence["equal"] is True
    assert evidence["admission"]["admitted"] == []
    assert evidence["core"]["digest"] == scene.bench.core.digest
    assert len(evidence["logits"]) == evidence["probe_set"]["prompts"] == 8
    assert evidence["partitions"] == [one.digest for one in scene.sources[SLUG].partitions.all()]
    text = scene.cast.owner.api.get(f"{ADDRESS}/{found['certificate_id']}/jws").content.decode()
    assert signing.payload(text, kind=signing.ZERO_INFLUENCE) == evidence
    assert signing.payload(text) is None, "it can never be taken for a receipt"


def test_a_source_whose_lifetime_is_spent_is_certified(scene):
    builders.publish(scene.cast.owner, scene.sources[SLUG], influence_nats={"lifetime": 0.0})
    found = certificate(scene)
    assert found["state"] == "zero", found
    assert [state["state"] for state in found["evidence"]["states"]] == ["exhausted"]


def test_anyone_checks_it_offline_with_the_published_keys_alone(scene):
    switch(scene, "suspended")
    found = certificate(scene)
    text = scene.cast.owner.api.get(f"{ADDRESS}/{found['certificate_id']}/jws").content.decode()
    keys = jwt.PyJWKSet.from_dict(scene.cast.stranger.get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(text)
    assert header["typ"] == "zero-influence+jws"
    body = json.loads(jwt.PyJWS().decode(text, keys[header["kid"]].key, algorithms=["EdDSA"]))
    for side in ("with", "without"):
        joined = "\n".join(probe[side] for probe in body["logits"])
        assert hashlib.sha256(joined.encode()).hexdigest() == body[f"digest_{side}"]
    assert body["digest_with"] == body["digest_without"]
    prompts = "\n".join(engine_side.probe_set())
    assert hashlib.sha256(prompts.encode()).hexdigest() == body["probe_set"]["digest"]


def test_a_source_that_may_vote_is_not_certified(scene):
    reply = asked(scene)
    assert (reply.status_code, reply.json()["code"]) == (409, "still_votes")
    assert not ZeroInfluence.objects.exists()


def wrongly(admitting):
    """Admission as it would be if it overlooked that the source is off, as `admitting` says."""
    honest = admission.admit

    def admit(**asked):
        source = Source.objects.get(slug=SLUG)
        if not admitting(asked):
            return honest(**asked)
        before = source.state
        Source.objects.filter(pk=source.pk).update(state="live")
        try:
            return honest(**asked)
        finally:
            Source.objects.filter(pk=source.pk).update(state=before)

    return admit


def test_a_source_that_wrongly_still_votes_is_found_out_by_its_logits_and_nothing_is_signed(
    scene, monkeypatch
):
    switch(scene, "suspended")
    monkeypatch.setattr(engine_side, "admit", wrongly(lambda asked: asked.get("only") is None))
    found = certificate(scene)
    assert found["state"] == "failed"
    assert "logits differ" in found["problem"]
    assert found["evidence"]["equal"] is False
    assert all(probe["with"] != probe["without"] for probe in found["evidence"]["logits"]), "none hides it"
    reply = scene.cast.owner.api.get(f"{ADDRESS}/{found['certificate_id']}/jws")
    assert (reply.status_code, reply.json()["code"]) == (409, "not_certified")
    assert ZeroInfluence.objects.get().jws == ""


def test_an_admission_that_still_lets_it_through_when_asked_by_name_is_found_out(scene, monkeypatch):
    switch(scene, "suspended")
    monkeypatch.setattr(engine_side, "admit", wrongly(lambda asked: asked.get("only") is not None))
    found = certificate(scene)
    assert found["state"] == "failed"
    assert "admission" in found["problem"]
    assert "research/open" in found["evidence"]["admission"]["admitted"]


def test_a_source_that_is_on_again_when_it_is_computed_is_not_certified(scene, monkeypatch):
    switch(scene, "suspended")
    honest = engine_side.evidence

    def resumed_meanwhile(*what):
        found = honest(*what)
        Source.objects.filter(slug=SLUG).update(state="live")
        return found

    monkeypatch.setattr(engine_side, "evidence", resumed_meanwhile)
    found = certificate(scene)
    assert found["state"] == "failed"
    assert "on again" in found["problem"]


def test_what_could_not_be_computed_is_no_certificate_and_may_be_asked_for_again(scene, monkeypatch):
    switch(scene, "suspended")

    def broken(*_what):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(engine_side, "evidence", broken)
        assert certificate(scene)["state"] == "failed"
    assert certificate(scene)["state"] == "zero"


def test_one_that_its_engine_lost_does_not_keep_the_owner_from_asking_again(scene, monkeypatch):
    switch(scene, "suspended")
    with monkeypatch.context() as patched:
        patched.setattr("marketplace.zero_influence.import_string", lambda _name: lambda **_asked: None)
        first = asked(scene).json()["certificate_id"]
        assert asked(scene).json()["certificate_id"] == first, "one at a time"
    ZeroInfluence.objects.update(requested_at=timezone.now() - timedelta(hours=1))
    second = certificate(scene)
    assert second["certificate_id"] != first
    assert second["state"] == "zero"
    assert ZeroInfluence.objects.get(pk=first).state == "failed"


def test_only_its_owner_asks_and_reads(scene):
    switch(scene, "suspended")
    made = certificate(scene)["certificate_id"]
    assert asked(scene, scene.cast.buyer).status_code == 404
    for rest in ("", f"/{made}", f"/{made}/jws"):
        assert scene.cast.buyer.api.get(ADDRESS + rest).status_code == 404
    assert [one["certificate_id"] for one in scene.cast.owner.api.get(ADDRESS).json()["results"]] == [made]


def test_the_request_and_its_end_are_audited(scene):
    switch(scene, "suspended")
    certificate(scene)
    told = AuditEvent.objects.filter(action__startswith="zero_influence").order_by("pk")
    assert [(one.action, one.subject) for one in told] == [
        ("zero_influence.requested", f"source:{SLUG}"),
        ("zero_influence.zero", f"source:{SLUG}"),
    ]


@pytest.mark.parametrize("wrong", [{"state": "zero"}, {"jws": "x"}, {"state": "failed"}])
def test_the_database_takes_no_certificate_that_is_half_done(scene, wrong):
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        ZeroInfluence.objects.create(
            source=scene.sources[SLUG], requested_by="x", requested_at=now, finished_at=now, **wrong
        )


def test_an_ended_certificate_is_never_ended_again(scene):
    switch(scene, "suspended")
    certificate(scene)
    made = ZeroInfluence.objects.get()
    again = zero_influence.give_up(certificate=made, problem="late", now=timezone.now())
    assert (again.state, again.problem) == ("zero", "")


def test_a_voting_right_of_zero_gives_the_same_bits_as_absence_and_any_other_right_does_not(scene):
    core = scene.bench.core
    adapter = scene.bench.shelf.adapter(scene.partition(SLUG))
    prompt = tuple(core.encode("What is a closure?"))
    voter = Voter(SLUG, adapter, prompt, 0.0, 1.0)

    def digest(*voters):
        return vote_digest(core=core, prompt_ids=prompt, voters=voters, tokens=3, alpha=2.0)

    assert digest(voter) == digest() != digest(replace(voter, gamma=1e-3))


def test_the_owner_s_page_asks_lists_and_hands_out_the_signed_text(scene):
    page = scene.cast.owner.browser.get(f"/sources/{SLUG}").content.decode()
    assert "zero-influence" not in page, "a source that votes has nothing to certify"
    switch(scene, "suspended")
    posted = scene.cast.owner.browser.post(f"/sources/{SLUG}/zero-influence")
    assert posted.status_code == 302
    page = scene.cast.owner.browser.get(f"/sources/{SLUG}").content.decode()
    made = ZeroInfluence.objects.get()
    address = f"/sources/{SLUG}/zero-influence/{made.pk}.jws"
    assert address in page
    assert "zero influence" in page
    reply = scene.cast.owner.browser.get(address)
    assert reply.content.decode() == made.jws
    assert scene.cast.buyer.browser.get(address).status_code == 404
