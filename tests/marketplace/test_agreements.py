"""Agreements: who asks, who decides, what new terms do to them, and what the database refuses."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting.errors import Conflict, Forbidden, Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import agreement_mail, agreement_use, agreements, publishing, taking_effect
from marketplace.admission import admit
from marketplace.models import Agreement, AgreementNotice, AgreementState, PolicyVersion, Role, Side
from tests.at_once import at_once
from tests.builders import draft_source, live_source, policy, publish

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db,
    pytest.mark.usefixtures("named_core", "work_is_noted"),
]
WHY = "A survey of marine mammals."


@pytest.fixture
def source(cast):
    return live_source(cast.owner, approval="required")


def ask(cast, source, purpose="research", statement=WHY, who=None, now=None):
    asker = who or cast.buyer
    return agreements.request(
        consumer=asker.organisation, source=source, purpose=purpose, statement=statement,
        acting_user=asker.user, now=now or timezone.now(),
    )  # fmt: skip


def approve(cast, agreement):
    return agreements.approve(agreement=agreement, acting_user=cast.owner.user, now=timezone.now())


def refuse(cast, agreement, reason="Too vague."):
    return agreements.refuse(
        agreement=agreement, reason=reason, acting_user=cast.owner.user, now=timezone.now()
    )


def end(agreement, side, who, reason="Done."):
    return agreements.end(
        agreement=agreement, side=side, reason=reason, acting_user=who.user, now=timezone.now()
    )


def approved_for(cast, source):
    facts = agreement_use.in_force_for(cast.buyer.organisation).get(source.pk)
    return None if facts is None else set(facts.approved_for)


def rests(cast, source, purpose="research"):
    return agreement_use.rests(consumer=cast.buyer.organisation, purpose=purpose, source_ids=[source.pk])


def closed(cast):
    return agreement_use.closed_to(consumer=cast.buyer.organisation, purpose="research")


def test_what_needs_approval_waits_for_the_owner_and_counts_once_it_is_given(cast, source):
    asked = ask(cast, source)
    assert (asked.state, asked.automatic, approved_for(cast, source)) == ("requested", False, None)
    approve(cast, asked)
    assert approved_for(cast, source) == {"research"}
    assert rests(cast, source, "medical-research") == {source.pk: asked.pk}
    assert rests(cast, source, "education") == {}


def test_where_no_approval_is_needed_it_is_in_force_at_once(cast):
    made = ask(cast, live_source(cast.owner), statement="")
    assert (made.state, made.automatic, made.policy_version.number) == ("in_force", True, 1)
    assert approved_for(cast, made.source) is None


def test_an_owners_own_organisation_asks_nobody(cast, source):
    made = ask(cast, source, who=cast.owner)
    assert (made.state, made.automatic) == ("in_force", False)


@pytest.mark.parametrize("visibility", ["listed_on_request", "private"])
def test_what_is_not_public_needs_its_owners_word_whatever_the_policy_says(cast, visibility):
    source = live_source(cast.owner)
    type(source).objects.filter(pk=source.pk).update(visibility=visibility)
    assert ask(cast, source).state == "requested"


def test_the_same_request_is_the_same_agreement(cast, source):
    first = ask(cast, source)
    assert ask(cast, source, statement="Again.") == first
    approve(cast, first)
    assert ask(cast, source) == first
    assert ask(cast, source, purpose="education") != first


def test_a_refusal_has_a_reason_and_is_not_argued_with_for_a_day(cast, source):
    asked = ask(cast, source)
    with pytest.raises(Invalid):
        refuse(cast, asked, reason=" ")
    refuse(cast, asked)
    with pytest.raises(Conflict, match=r"Too vague\."):
        ask(cast, source)
    assert ask(cast, source, now=timezone.now() + timedelta(days=1, seconds=1)).state == "requested"


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"purpose": "fun"}, Invalid),
        ({"statement": " "}, Invalid),
        ({"statement": "x" * 1001}, Invalid),
        ({"purpose": "advertising"}, Forbidden),
    ],
)
def test_a_request_that_nobody_could_approve_is_not_taken(cast, source, wish, error):
    with pytest.raises(error):
        ask(cast, source, **wish)
    assert not Agreement.objects.exists()


def test_a_source_without_a_policy_is_not_asked_for(cast):
    with pytest.raises(Conflict, match="nothing to agree to"):
        ask(cast, draft_source(cast.owner))


def test_only_those_may_act_whose_agreement_it_is(cast, source):
    asked = ask(cast, source)
    now = timezone.now()
    for who in (cast.buyer, cast.second_owner, cast.owner.colleague(Role.VIEWER)):
        for act in (agreements.approve, agreements.refuse):
            wish = {"reason": "x"} if act is agreements.refuse else {}
            with pytest.raises(PermissionDenied):
                act(agreement=asked, acting_user=who.user, now=now, **wish)
    with pytest.raises(PermissionDenied):
        end(asked, Side.CONSUMER, cast.owner)
    with pytest.raises(PermissionDenied):
        ask(cast, source, who=cast.buyer.colleague(Role.FINANCE))


def test_decisions_are_made_once(cast, source):
    asked = ask(cast, source)
    approve(cast, asked)
    for again in (lambda: approve(cast, asked), lambda: refuse(cast, asked)):
        with pytest.raises(Conflict, match="is in force"):
            again()
    end(asked, Side.OWNER, cast.owner)
    with pytest.raises(Conflict, match="is ended"):
        end(asked, Side.CONSUMER, cast.buyer)


def test_after_its_owner_ended_one_no_other_is_made_without_the_owner(cast):
    source = live_source(cast.owner)
    made = ask(cast, source)
    end(made, Side.OWNER, cast.owner, reason="Misused.")
    assert closed(cast) == {source.pk}
    asked = ask(cast, source)
    assert asked.state == "requested"
    approve(cast, asked)
    assert rests(cast, source) == {source.pk: asked.pk}
    assert closed(cast) == frozenset()


def test_after_the_consumer_ended_one_the_next_use_makes_another(cast):
    source = live_source(cast.owner)
    end(ask(cast, source), Side.CONSUMER, cast.buyer)
    assert (rests(cast, source), closed(cast)) == ({}, frozenset())


def test_an_owner_can_approve_without_being_asked(cast, source):
    grant = {
        "source": source, "consumer": cast.buyer.organisation, "purpose": "education",
        "acting_user": cast.owner.user, "now": timezone.now(),
    }  # fmt: skip
    made = agreements.grant(**grant)
    assert agreements.grant(**grant) == made
    assert approved_for(cast, source) == {"education"}


def test_many_are_decided_at_once_and_one_that_fails_stops_no_other(cast, source):
    first, second = ask(cast, source), ask(cast, source, purpose="education")
    foreign = ask(cast, live_source(cast.second_owner, "essays", approval="required"))
    approve(cast, second)
    done, failed = agreements.decide(
        owner=cast.owner.organisation, agreement_ids=[first.pk, second.pk, foreign.pk, first.pk],
        decision="approve", reason="", acting_user=cast.owner.user, now=timezone.now(),
    )  # fmt: skip
    assert [one.pk for one in done] == [first.pk]
    assert [(one.agreement_id, one.code) for one in failed] == [
        (second.pk, "already_decided"),
        (foreign.pk, "not_found"),
    ]


def test_every_step_is_in_the_audit_log_without_the_statement(cast, source):
    asked = ask(cast, source)
    approve(cast, asked)
    end(asked, Side.CONSUMER, cast.buyer)
    rows = AuditEvent.objects.filter(subject=f"agreement:{asked.pk}").order_by("pk")
    assert [row.action for row in rows] == ["agreement.requested", "agreement.approved", "agreement.ended"]
    assert (rows[2].after or {})["reason"] == "Done."
    assert not any(WHY in str(row.after) for row in rows)


# --- terms ---------------------------------------------------------------------------------------------


def test_automatic_agreements_go_along_with_new_terms(cast):
    source = live_source(cast.owner)
    made = ask(cast, source)
    publish(cast.owner, source, price_micro_usd_per_nat=30)
    made.refresh_from_db()
    assert (made.state, made.policy_version.number) == ("in_force", 2)


def test_automatic_agreements_end_where_approval_is_asked_for(cast):
    source = live_source(cast.owner)
    made = ask(cast, source)
    publish(cast.owner, source, approval="required")
    made.refresh_from_db()
    assert (made.state, made.ended_side) == ("ended", "policy")
    assert ask(cast, source).state == "requested"


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({"price_micro_usd_per_nat": 30}, False),
        ({"purposes": {"allow": ["research"]}}, False),
        ({"price_micro_usd_per_nat": 10}, True),
        ({"influence_nats": {"per_answer": 10}}, True),
        ({"price_micro_usd_per_nat": 30, "approval": "none"}, True),
    ],
)
def test_who_was_approved_confirms_terms_that_ask_more(cast, source, change, counts):
    asked = ask(cast, source)
    approve(cast, asked)
    publish(cast.owner, source, **{"approval": "required", **change})
    found = agreements.one_of(agreements.of_consumer(cast.buyer.organisation), asked.pk)
    assert found.waits_for_confirmation is not counts
    assert (approved_for(cast, source) == {"research"}) is counts
    if not counts:
        agreements.confirm(agreement=asked, number=2, acting_user=cast.buyer.user, now=timezone.now())
        assert approved_for(cast, source) == {"research"}


def test_terms_that_come_back_need_no_confirmation(cast, source):
    approve(cast, ask(cast, source))
    publish(cast.owner, source, approval="required", price_micro_usd_per_nat=30)
    assert approved_for(cast, source) is None
    publish(cast.owner, source, approval="required", max_gamma=0.9)
    assert approved_for(cast, source) == {"research"}


def test_announced_terms_are_confirmed_in_advance_and_told_once(cast, source):
    asked, at = ask(cast, source), timezone.now() + timedelta(hours=1)
    approve(cast, asked)
    publishing.publish_policy(
        source=source, plain=policy(approval="required", price_micro_usd_per_nat=30),
        acting_user=cast.owner.user, now=timezone.now(), effective_at=at,
    )  # fmt: skip
    with pytest.raises(Conflict, match="neither in force nor announced"):
        agreements.confirm(agreement=asked, number=9, acting_user=cast.buyer.user, now=timezone.now())
    agreements.confirm(agreement=asked, number=2, acting_user=cast.buyer.user, now=timezone.now())
    assert approved_for(cast, source) == {"research"}
    taking_effect.take_effect_due(now=at)
    assert approved_for(cast, source) == {"research"}
    assert AgreementNotice.objects.filter(kind="terms").count() == 1


def test_announced_terms_that_are_not_confirmed_stop_counting_at_their_moment(cast, source):
    asked, at = ask(cast, source), timezone.now() + timedelta(hours=1)
    approve(cast, asked)
    publishing.publish_policy(
        source=source, plain=policy(approval="required", price_micro_usd_per_nat=30),
        acting_user=cast.owner.user, now=timezone.now(), effective_at=at,
    )  # fmt: skip
    assert approved_for(cast, source) == {"research"}
    taking_effect.take_effect_due(now=at)
    assert approved_for(cast, source) is None
    assert AgreementNotice.objects.filter(kind="terms").count() == 1


# --- letters -------------------------------------------------------------------------------------------


def test_both_sides_are_written_to_once(cast, source, django_capture_on_commit_callbacks):
    for actor in (cast.owner, cast.buyer):
        actor.user.email = f"{actor.user.username}@example.org"
        actor.user.save()
    with django_capture_on_commit_callbacks(execute=True):
        asked = ask(cast, source)
    with django_capture_on_commit_callbacks(execute=True):
        refuse(cast, asked, reason="Too\nvague")
    assert agreement_mail.send_waiting(now=timezone.now()) == 0
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        (["owner@example.org"], "Buyer asks for access to Almanac for research"),
        (["buyer@example.org"], "Owner refused your access to Almanac for research: Too vague"),
    ]
    assert WHY not in mail.outbox[0].body


def test_a_letter_that_cannot_be_sent_is_tried_again(cast, source, monkeypatch):
    cast.owner.user.email = "owner@example.org"
    cast.owner.user.save()
    ask(cast, source)

    def broken(*_args):
        raise OSError("no route")

    with monkeypatch.context() as patch:
        patch.setattr("marketplace.agreement_mail.send_mail", broken)
        assert agreement_mail.send_waiting(now=timezone.now()) == 0
    assert agreement_mail.send_waiting(now=timezone.now()) == 1


# --- the database --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"purpose": "education"}, "what was agreed never changes"),
        ({"statement": "Something else."}, "what was agreed never changes"),
        ({"state": AgreementState.REQUESTED, "decided_at": None}, "decided once"),
        ({"state": AgreementState.REFUSED, "reason": "x"}, "decided once"),
        ({"state": AgreementState.ENDED}, "agreement_ended_by_a_side"),
        ({"decided_at": None}, "agreement_approved_or_refused_by_somebody"),
        ({"automatic": True}, "agreement_automatic_is_not_decided"),
    ],
)
def test_what_was_agreed_and_decided_stays(cast, source, change, message):
    approve(cast, ask(cast, source))
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        Agreement.objects.update(**change)


def test_an_agreement_is_bound_to_a_policy_of_its_own_source_and_never_deleted(cast, source):
    ask(cast, source)
    other = live_source(cast.second_owner, "essays")
    with pytest.raises(IntegrityError, match="its own source"), transaction.atomic():
        Agreement.objects.update(policy_version=other.policy)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Agreement.objects.all()._raw_delete("default")
    Agreement.objects.update(statement="")


@pytest.mark.django_db(transaction=True)
def test_of_many_first_answers_one_makes_the_agreement(cast):
    source = live_source(cast.owner)
    policies = list(PolicyVersion.objects.filter(source=source).values_list("pk", flat=True))

    def first(_number):
        return agreement_use.make_first(
            consumer=cast.buyer.organisation, purpose="research", policy_version_ids=policies,
            now=timezone.now(),
        )  # fmt: skip

    got = at_once(first)
    assert all(one == got[0] for one in got)
    assert Agreement.objects.count() == 1


# --- admission -----------------------------------------------------------------------------------------


def admission_of(cast, source):
    found = admit(
        consumer=cast.buyer.organisation, purpose="research", mode="open", now=timezone.now(),
        only=[source.slug],
    )  # fmt: skip
    return [one.source.slug for one in found.admitted] or (found.denied[0].rule, found.denied[0].reason)


def test_who_is_not_approved_is_told_what_to_do_and_who_is_votes_until_it_ends(cast, source):
    rule, reason = admission_of(cast, source)
    assert rule == "approval"
    assert "/v1/agreements" in reason
    asked = ask(cast, source)
    assert admission_of(cast, source)[0] == "approval"
    approve(cast, asked)
    assert admission_of(cast, source) == ["almanac"]
    end(asked, Side.OWNER, cast.owner)
    assert admission_of(cast, source)[0] == "approval"


def test_what_is_listed_on_request_votes_for_whom_its_owner_approved(cast):
    source = live_source(cast.owner)
    type(source).objects.filter(pk=source.pk).update(visibility="listed_on_request")
    assert admission_of(cast, source)[0] == "agreement"
    approve(cast, ask(cast, source))
    assert admission_of(cast, source) == ["almanac"]
