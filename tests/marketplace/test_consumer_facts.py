"""What policies may know of a consumer: groups, proved domains, and a country that an operator confirmed."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting.errors import Conflict, Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import consumer_groups, consumers, home_countries
from marketplace.models import ConsumerGroup, DomainClaim, Organisation, Proof, Role, Staff, VerifiedDomain
from marketplace.policy.countries import COUNTRIES

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def open_group(cast, slug="universities", by=None):
    return consumer_groups.open_group(
        slug=slug, title=slug.title(), acting_user=by or cast.operator.user, now=timezone.now()
    )


def put_in(cast, group, actor, by=None):
    consumer_groups.put_in(
        group=group, organisation=actor.organisation, acting_user=by or cast.operator.user, now=timezone.now()
    )


def say(actor, country, by=None):
    return home_countries.say_country(
        organisation=actor.organisation, country=country, acting_user=by or actor.user, now=timezone.now()
    )


def confirm(cast, actor, country, by=None):
    return home_countries.confirm_country(
        organisation=actor.organisation,
        country=country,
        acting_user=by or cast.operator.user,
        now=timezone.now(),
    )


def verify(actor, domain):
    VerifiedDomain.objects.create(
        organisation=actor.organisation, domain=domain, how=Proof.OPERATOR, verified_at=timezone.now()
    )


def test_of_a_new_organisation_nothing_is_known(cast):
    facts = consumers.facts_of(cast.buyer.organisation)
    assert (facts.groups, facts.domains, facts.country) == (frozenset(), frozenset(), None)


def test_the_facts_are_the_organisations_own_and_take_one_query(cast, django_assert_num_queries):
    for slug in ("universities", "public-bodies", "others"):
        open_group(cast, slug)
    for slug in ("universities", "public-bodies"):
        put_in(cast, ConsumerGroup.objects.get(slug=slug), cast.buyer)
    put_in(cast, ConsumerGroup.objects.get(slug="others"), cast.outsider)
    verify(cast.buyer, "uni.example")
    verify(cast.buyer, "lab.example")
    verify(cast.outsider, "else.example")
    say(cast.buyer, "DE")
    confirm(cast, cast.buyer, "DE")
    with django_assert_num_queries(1):
        facts = consumers.facts_of(cast.buyer.organisation)
    assert facts.groups == {"universities", "public-bodies"}
    assert facts.domains == {"uni.example", "lab.example"}
    assert facts.country == "DE"
    assert consumers.known_groups() == {"universities", "public-bodies", "others"}


def test_a_domain_that_is_only_claimed_is_unknown(cast):
    DomainClaim.objects.create(
        organisation=cast.buyer.organisation, domain="uni.example", token="t", created_at=timezone.now()
    )
    assert consumers.facts_of(cast.buyer.organisation).domains == frozenset()


def test_a_domain_is_one_organisations_at_a_time(cast):
    verify(cast.buyer, "uni.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        verify(cast.outsider, "uni.example")


def test_a_country_counts_once_an_operator_confirmed_it_and_no_longer_when_it_changes(cast):
    say(cast.buyer, "DE")
    assert consumers.facts_of(cast.buyer.organisation).country is None
    confirm(cast, cast.buyer, "DE")
    assert consumers.facts_of(cast.buyer.organisation).country == "DE"
    say(cast.buyer, "DE")
    assert consumers.facts_of(cast.buyer.organisation).country == "DE", "nothing changed"
    say(cast.buyer, "FR")
    assert consumers.facts_of(cast.buyer.organisation).country is None
    say(cast.buyer, "")
    assert Organisation.objects.get(slug="buyer").country == ""
    written = AuditEvent.objects.filter(action__startswith="organisation.country").order_by("pk")
    assert [(one.actor, one.after) for one in written] == [
        ("buyer", {"country": "DE", "confirmed": False}),
        ("operator", {"country": "DE", "confirmed": True}),
        ("buyer", {"country": "FR", "confirmed": False}),
        ("buyer", {"country": "", "confirmed": False}),
    ]


@pytest.mark.parametrize("country", ["XX", "de", "Germany", "EU", " ", "D"])
def test_a_country_is_one_of_the_list(cast, country):
    with pytest.raises(Invalid) as refused:
        say(cast.buyer, country)
    assert refused.value.code == "unknown_country"


def test_the_list_is_the_249_assigned_codes():
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
    assert {"DE", "KE", "US", "TW", "PS", "SS"} <= set(COUNTRIES)


def test_what_was_said_in_the_meantime_is_not_confirmed(cast):
    say(cast.buyer, "DE")
    with pytest.raises(Conflict) as refused:
        confirm(cast, cast.buyer, "FR")
    assert refused.value.code == "country_changed"
    say(cast.buyer, "")
    with pytest.raises(Conflict):
        confirm(cast, cast.buyer, "")


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FINANCE, Role.VIEWER])
def test_only_an_owner_says_and_only_an_operator_confirms_a_country(cast, role):
    with pytest.raises(PermissionDenied):
        say(cast.buyer, "DE", by=cast.buyer.colleague(role).user)
    say(cast.buyer, "DE")
    for person in (cast.buyer.user, cast.outsider.user, cast.clerk(Staff.POLICY_REVIEWER).user):
        with pytest.raises(PermissionDenied):
            confirm(cast, cast.buyer, "DE", by=person)


def test_groups_are_kept_by_operators_only(cast):
    group = open_group(cast)
    for person in (cast.owner.user, cast.clerk(Staff.POLICY_REVIEWER).user):
        with pytest.raises(PermissionDenied):
            open_group(cast, "mine", by=person)
        with pytest.raises(PermissionDenied):
            put_in(cast, group, cast.owner, by=person)
        with pytest.raises(PermissionDenied):
            consumer_groups.take_out(
                group=group,
                organisation=cast.owner.organisation,
                acting_user=person,
                now=timezone.now(),
            )


def test_joining_and_leaving_a_group_count_at_once_and_are_audited_once(cast):
    group = open_group(cast)
    for _ in range(2):
        put_in(cast, group, cast.buyer)
    assert consumers.facts_of(cast.buyer.organisation).groups == {"universities"}
    for _ in range(2):
        consumer_groups.take_out(
            group=group,
            organisation=cast.buyer.organisation,
            acting_user=cast.operator.user,
            now=timezone.now(),
        )
    assert consumers.facts_of(cast.buyer.organisation).groups == frozenset()
    written = AuditEvent.objects.filter(action__startswith="consumer_group.").order_by("pk")
    assert [(one.action, one.organisation_slug) for one in written] == [
        ("consumer_group.opened", ""),
        ("consumer_group.joined", "buyer"),
        ("consumer_group.left", "buyer"),
    ]


def test_a_group_exists_once_and_has_a_proper_name(cast):
    open_group(cast)
    with pytest.raises(Conflict):
        open_group(cast)
    with pytest.raises(Invalid):
        open_group(cast, "Two Words")
