"""Domains: claimed by an owner, proved in the DNS or by an operator's word, one organisation's at a time."""

import threading

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from django.utils import timezone

from accounting.errors import Conflict, Invalid, NotFound, PermissionDenied
from accounting.models import AuditEvent
from marketplace import consumers, dns_texts, domains
from marketplace.models import Role, Staff

pytestmark = [pytest.mark.books, pytest.mark.django_db]
NOW = timezone.now()


def claim(actor, domain="uni.example.org", by=None):
    return domains.claim(
        organisation=actor.organisation, domain=domain, acting_user=(by or actor).user, now=NOW
    )


def prove(actor, claimed, published=None, by=None):
    texts = {domains.where(claimed): {domains.what(claimed)}} if published is None else published
    return domains.prove(
        claimed=claimed,
        texts_of=lambda name: texts.get(name, set()),
        acting_user=(by or actor).user,
        now=NOW,
    )


def known(actor):
    return consumers.facts_of(actor.organisation).domains


def test_a_published_text_proves_a_domain_and_twice_is_once(cast):
    claimed = claim(cast.buyer)
    assert claim(cast.buyer) == claimed, "the same text to publish"
    assert known(cast.buyer) == frozenset()
    for _ in range(2):
        prove(cast.buyer, claimed)
    assert known(cast.buyer) == {"uni.example.org"}
    actions = (
        AuditEvent.objects.filter(action__startswith="domain.")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(actions) == ["domain.claimed", "domain.verified"]


@pytest.mark.parametrize(
    "published",
    [
        {},
        {"_deep-voting-market.uni.example.org": {"deep-voting-market=somebody-elses"}},
        {"uni.example.org": {"the text"}},
    ],
)
def test_anything_else_proves_nothing(cast, published):
    with pytest.raises(Conflict) as refused:
        prove(cast.buyer, claim(cast.buyer), published)
    assert refused.value.code == "not_published"
    assert known(cast.buyer) == frozenset()


def test_the_text_of_one_organisation_proves_nothing_for_another(cast):
    of_buyer, of_outsider = claim(cast.buyer), claim(cast.outsider)
    published = {domains.where(of_buyer): {domains.what(of_buyer)}}
    with pytest.raises(Conflict):
        prove(cast.outsider, of_outsider, published)


def test_a_domain_is_one_organisations_at_a_time_until_it_is_given_up(cast):
    prove(cast.buyer, claim(cast.buyer))
    with pytest.raises(Conflict) as refused:
        prove(cast.outsider, claim(cast.outsider))
    assert refused.value.code == "domain_taken"
    domains.give_up(
        organisation=cast.buyer.organisation, domain="uni.example.org", acting_user=cast.buyer.user, now=NOW
    )
    assert known(cast.buyer) == frozenset()
    prove(cast.outsider, claim(cast.outsider))
    assert known(cast.outsider) == {"uni.example.org"}


def test_an_operator_confirms_and_nobody_else_does(cast):
    for person in (cast.buyer.user, cast.clerk(Staff.POLICY_REVIEWER).user):
        with pytest.raises(PermissionDenied):
            domains.confirm(
                organisation=cast.buyer.organisation, domain="uni.example.org", acting_user=person, now=NOW
            )
    domains.confirm(
        organisation=cast.buyer.organisation,
        domain="UNI.example.org.",
        acting_user=cast.operator.user,
        now=NOW,
    )
    assert known(cast.buyer) == {"uni.example.org"}


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FINANCE, Role.VIEWER])
def test_only_owners_claim_prove_and_give_up(cast, role):
    claimed, colleague = claim(cast.buyer), cast.buyer.colleague(role)
    for somebody in (colleague, cast.outsider):
        with pytest.raises(PermissionDenied):
            claim(cast.buyer, "other.example.org", by=somebody)
        with pytest.raises(PermissionDenied):
            prove(cast.buyer, claimed, by=somebody)
        with pytest.raises(PermissionDenied):
            domains.give_up(
                organisation=cast.buyer.organisation,
                domain="uni.example.org",
                acting_user=somebody.user,
                now=NOW,
            )


def test_what_was_never_claimed_is_not_given_up(cast):
    with pytest.raises(NotFound):
        domains.give_up(
            organisation=cast.buyer.organisation, domain="x.example", acting_user=cast.buyer.user, now=NOW
        )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Example.ORG", "example.org"),
        (" example.org. ", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_is_kept_in_one_form(typed, kept):
    assert domains.checked(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "localhost", "10.0.0.1", "a b.example", "ex_ample.org", "x" * 300, "a..b"]
)
def test_what_is_no_domain_is_refused(typed):
    with pytest.raises(Invalid):
        domains.checked(typed)


def test_where_nobody_answers_it_is_said_and_nothing_is_proved(cast):
    def silent(_name: str) -> frozenset[str]:
        raise dns.exception.Timeout

    with pytest.raises(domains.Unreachable):
        domains.prove(claimed=claim(cast.buyer), texts_of=silent, acting_user=cast.buyer.user, now=NOW)


# --- the real resolver, over UDP, against a server of our own -----------------------------------------------


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch):
    """Answers `here.example` with two texts, one in two parts; NXDOMAIN for everything else."""
    import socket

    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            asked, sender = server.recvfrom(4096)
            if not asked:
                return
            query = dns.message.from_wire(asked)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            name = query.question[0].name
            if str(name) == "here.example.":
                texts = ['"deep-voting-market=abc"', '"in two " "parts"']
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(answer.to_wire(), sender)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ours = dns.resolver.Resolver(configure=False)
    ours.nameservers, ours.port = ["127.0.0.1"], server.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", ours)
    yield
    server.sendto(b"", server.getsockname())
    thread.join()
    server.close()


def test_the_resolver_reads_every_text_of_a_name(name_server):
    assert dns_texts.texts_of("here.example") == {"deep-voting-market=abc", "in two parts"}
    assert dns_texts.texts_of("nowhere.example") == frozenset()
