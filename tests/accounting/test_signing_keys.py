"""Keys of receipts: any JOSE library checks one with the published keys, and a rotation loses none."""

import base64
import json
import stat
from typing import Any

import jwt
import pytest
from django.core.management import CommandError, call_command
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet

from accounting import key_rotation, signing
from accounting.errors import Conflict
from accounting.key_ring import current_ring
from accounting.models import AuditEvent, Receipt
from accounting.operations import canonical_json
from tests.accounting.conftest import NAT, NOW

BODY = {"receipt_id": "r", "total_micro_usd": 5, "name": "ü", "sources": [{"b": 1, "a": 0.1}]}


@pytest.fixture(autouse=True)
def own_keys(settings, tmp_path):
    settings.RECEIPT_SIGNING_KEY_FILE = tmp_path / "signing.pem"
    settings.RECEIPT_RETIRED_KEYS_FILE = tmp_path / "retired.json"
    key_rotation.write_new_key(settings.RECEIPT_SIGNING_KEY_FILE)


def published() -> Any:
    return json.loads(json.dumps(signing.jwks()))


def by_pyjwt(text: str, keys: Any) -> Any:
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(text)["kid"]]
    return jwt.decode(text, key, algorithms=["EdDSA"])


def by_joserfc(text: str, keys: Any) -> Any:
    found = joserfc_jws.deserialize_compact(text, KeySet.import_key_set(keys), algorithms=["EdDSA"])
    return json.loads(found.payload)


LIBRARIES = pytest.mark.parametrize("library", [by_pyjwt, by_joserfc])
# RFC 9864 renames EdDSA to Ed25519; libraries that do not know the new name are still many.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


@LIBRARIES
def test_a_signed_text_is_checked_by_the_published_keys_alone(library):
    assert library(signing.sign(BODY), published()) == BODY


@LIBRARIES
def test_a_changed_text_is_refused_by_other_libraries(library):
    head, _, signature = signing.sign(BODY).split(".")
    other = signing.sign({**BODY, "total_micro_usd": 6}).split(".")[1]
    with pytest.raises(Exception, match=r"(?i)signature"):
        library(f"{head}.{other}.{signature}", published())


@pytest.mark.books
@pytest.mark.django_db
@LIBRARIES
def test_a_receipt_of_a_settled_answer_is_checked_offline_after_two_rotations(library, market):
    placed = market.place(market.terms("a"))
    market.settle(placed.hold_id, a=(NAT, NAT))
    rotate()
    rotate()
    receipt = Receipt.objects.get()
    assert library(receipt.jws, published()) == receipt.body
    assert receipt.body["total_micro_usd"] == receipt.total_micro_usd


def test_what_is_signed_is_exactly_the_canonical_json():
    _, content, _ = signing.sign(BODY).split(".")
    assert base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)) == canonical_json(BODY)


def test_a_key_is_named_by_its_rfc_7638_thumbprint():
    (key,) = published()["keys"]
    assert key["kid"] == KeySet.import_key_set({"keys": [key]}).keys[0].thumbprint()
    assert jwt.get_unverified_header(signing.sign(BODY))["kid"] == key["kid"]


def rotate() -> str:
    return key_rotation.rotate(acting_user_label="operator", now=NOW)


@pytest.mark.django_db
def test_a_rotation_signs_with_a_new_key_and_keeps_what_the_old_one_signed():
    old = signing.sign(BODY)
    before = published()["keys"]
    new_id = rotate()
    new = signing.sign(BODY)
    assert jwt.get_unverified_header(new)["kid"] == new_id == published()["keys"][0]["kid"]
    assert published()["keys"][1:] == before
    assert signing.payload(old) == signing.payload(new) == BODY


@pytest.mark.django_db
def test_a_rotation_is_audited_and_never_shows_a_private_key():
    old_id, new_id = current_ring().signing_key_id, rotate()
    event = AuditEvent.objects.get(action="receipts.rotate_key")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["signing"], event.after["signing"]) == (old_id, new_id)
    assert all("d" not in key for key in published()["keys"])


@pytest.mark.django_db
def test_key_files_are_readable_by_their_owner_only(settings):
    rotate()
    for path in (settings.RECEIPT_SIGNING_KEY_FILE, settings.RECEIPT_RETIRED_KEYS_FILE):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_is_not_on_the_ring_signs_nothing(settings, tmp_path):
    signed = signing.sign(BODY)
    settings.RECEIPT_SIGNING_KEY_FILE = tmp_path / "other.pem"
    key_rotation.write_new_key(settings.RECEIPT_SIGNING_KEY_FILE)
    assert signing.payload(signed) is None


def test_a_retired_key_can_be_given_by_the_environment(settings, tmp_path):
    signed, settings.RECEIPT_RETIRED_KEYS = signing.sign(BODY), json.dumps(published())
    settings.RECEIPT_SIGNING_KEY_FILE = tmp_path / "other.pem"
    key_rotation.write_new_key(settings.RECEIPT_SIGNING_KEY_FILE)
    assert signing.payload(signed) == BODY
    assert len(published()["keys"]) == 2


def test_a_text_of_one_kind_is_never_taken_for_another():
    seal = signing.sign(BODY, kind=signing.AUDIT_SEAL)
    assert signing.payload(seal) is None
    assert signing.payload(seal, kind=signing.AUDIT_SEAL) == BODY
    assert signing.payload(signing.sign(BODY), kind=signing.AUDIT_SEAL) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        "not a receipt",
        jwt.encode({"a": 1}, "x" * 32, algorithm="HS256"),
        jwt.encode({"a": 1}, "", algorithm="none"),
        jwt.encode({"a": 1}, "x" * 32, algorithm="HS256", headers={"kid": "nobody"}),
    ],
)
def test_what_we_did_not_sign_is_not_valid(text):
    assert not signing.verify(text)


def test_our_key_id_under_another_algorithm_is_not_valid():
    key_id = current_ring().signing_key_id
    secret = published()["keys"][0]["x"]
    assert not signing.verify(jwt.encode(BODY, secret, algorithm="HS256", headers={"kid": key_id}))


@pytest.mark.django_db
def test_a_key_that_the_environment_gives_is_not_rotated_in_place(settings):
    settings.RECEIPT_SIGNING_KEY = settings.RECEIPT_SIGNING_KEY_FILE.read_text()
    with pytest.raises(Conflict, match="environment"):
        rotate()
    with pytest.raises(CommandError, match="RECEIPT_SIGNING_KEY"):
        call_command("receipts", "rotate-key")


@pytest.mark.django_db
def test_the_command_rotates_and_lists(capsys):
    signed = signing.sign(BODY)
    call_command("receipts", "rotate-key", "--acting-user", "ada")
    assert "1 retired keys stay published" in capsys.readouterr().out
    call_command("receipts", "keys")
    listed = json.loads(capsys.readouterr().out)
    assert len(listed["keys"]) == 2
    assert by_pyjwt(signed, listed) == BODY
    assert AuditEvent.objects.get(action="receipts.rotate_key").actor == "ada"


def test_a_new_key_for_an_environment_never_overwrites_a_file(tmp_path, settings, capsys):
    call_command("receipts", "new-key", "--to", str(tmp_path / "next.pem"))
    settings.RECEIPT_SIGNING_KEY = (tmp_path / "next.pem").read_text()
    assert current_ring().signing_key_id in capsys.readouterr().out
    with pytest.raises(CommandError, match="already"):
        call_command("receipts", "new-key", "--to", str(tmp_path / "next.pem"))
