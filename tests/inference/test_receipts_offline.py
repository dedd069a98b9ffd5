"""A receipt and the published keys are enough: two libraries check it, a few lines compute the bill."""

import hashlib
import json
from typing import Any

import jwt
import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet

from accounting.models import Receipt
from inference.verification import check

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}


def by_pyjwt(text: str, keys: Any) -> Any:
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(text)["kid"]]
    return jwt.decode(text, key, algorithms=["EdDSA"])


def by_joserfc(text: str, keys: Any) -> Any:
    found = joserfc_jws.deserialize_compact(text, KeySet.import_key_set(keys), algorithms=["EdDSA"])
    return json.loads(found.payload)


def downloaded(scene, receipt_id: str) -> tuple[str, Any]:
    """What a reader takes along: the signed text and the key document."""
    text = scene.cast.buyer.api.get(f"/v1/receipts/{receipt_id}/jws").content.decode()
    return text, scene.cast.stranger.get("/.well-known/jwks.json").json()


def bill_of(body: Any) -> Any:
    """As docs/receipts.md says it, from the body alone."""
    prices = {price["label"]: price for price in body["prices"]}
    lines = [source["line"] for source in body["sources"]] if "sources" in body else body["lines"]
    charges = top_ups = 0
    for line in lines:
        price = prices[line["label"]]
        charge = line["charged_nano_nats"] * price["price_micro_usd_per_nat"] // 10**9
        if price["ceiling_micro_usd"] is not None:
            charge = min(charge, price["ceiling_micro_usd"])
        floor = price["floor_micro_usd"] if body["tokens"]["delivered"] else 0
        assert line["charge_micro_usd"] == charge
        assert line["floor_top_up_micro_usd"] == max(0, floor - charge)
        charges, top_ups = charges + charge, top_ups + line["floor_top_up_micro_usd"]
    fee = charges * body["fee_basis_points"] // 10_000
    assert fee == body["fee_micro_usd"]
    return charges + top_ups + fee


@pytest.mark.parametrize("library", [by_pyjwt, by_joserfc])
def test_the_bill_of_an_open_answer_is_computed_from_its_receipt_alone(scene, library):
    abc = scene.ask(max_tokens=12).json()["abc"]
    body = library(*downloaded(scene, abc["receipt_id"]))
    assert bill_of(body) == body["total_micro_usd"] == abc["charge_micro_usd"] > 0


def test_it_carries_what_the_answer_was_made_from(scene):
    abc = scene.ask(max_tokens=4).json()["abc"]
    body = by_pyjwt(*downloaded(scene, abc["receipt_id"]))
    assert (body["alpha"], len(body["core"]["digest"])) == (2.0, 64)
    for source in body["sources"]:
        policy = scene.sources[source["source"]].policy
        assert (source["policy_version"], source["policy_digest"]) == (policy.number, policy.digest)
        assert len(source["partition_digest"]) == 64
        assert source["attribution_nats"]["symmetric"] >= 0
        assert 0 <= source["gamma_effective"] <= source["gamma_requested"] <= 1


def test_floor_and_ceiling_stand_in_it_and_bind(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="dear-guide",
                floor_price_micro_usd=700, ceiling_price_micro_usd=900)  # fmt: skip
    abc = scene.ask(max_tokens=8, abc={"only": ["dear-guide"]}).json()["abc"]
    body = by_joserfc(*downloaded(scene, abc["receipt_id"]))
    (price,) = body["prices"]
    assert (price["floor_micro_usd"], price["ceiling_micro_usd"]) == (700, 900)
    assert bill_of(body) == body["total_micro_usd"]
    (line,) = [source["line"] for source in body["sources"]]
    assert 700 <= line["charge_micro_usd"] + line["floor_top_up_micro_usd"] <= 900


def test_a_private_receipt_carries_charges_and_no_measurement(scene):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=PRIVACY)
    wish = {"mode": "private", "only": ["clinic"]}
    abc = scene.ask(about="whale-book", seed=None, max_tokens=8, abc=wish).json()["abc"]
    body = by_pyjwt(*downloaded(scene, abc["receipt_id"]))
    (source,) = body["sources"]
    assert source["attribution_nats"] is None
    assert source["charge_nats"] * 10**9 == pytest.approx(source["line"]["charged_nano_nats"])
    assert bill_of(body) == body["total_micro_usd"]


@pytest.mark.parametrize("mode", ["open", "private"])
def test_the_composition_hash_is_computed_from_the_receipt_alone(scene, mode):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=PRIVACY)
    wishes = {"abc": {"mode": "private", "only": ["clinic"]}, "seed": None} if mode == "private" else {}
    abc = scene.ask(about="whale-book", **wishes).json()["abc"]
    body = by_pyjwt(*downloaded(scene, abc["receipt_id"]))
    text = json.dumps(body["composition"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == body["composition_hash"] == abc["composition_hash"]
    parts = body["composition"]
    assert (parts["core"], parts["constants"]) == (body["core"]["digest"], body["constants_digest"])
    stated = [(one["source"], one["partition_digest"]) for one in body["sources"]]
    assert [(one["source"], one["partition"]) for one in parts["seats"]] == stated
    assert verified(scene, abc["receipt_id"])["composition"] is True


def test_a_receipt_whose_parts_are_not_what_was_hashed_is_found_out(scene):
    receipt = Receipt.objects.get(pk=scene.ask().json()["abc"]["receipt_id"])
    receipt.body["composition"]["seats"][0]["gamma"] = 0.5
    assert check(receipt).composition is False
    del receipt.body["composition"]
    assert check(receipt).composition is None


def verified(scene, receipt_id: str) -> Any:
    return scene.cast.buyer.api.post(f"/v1/receipts/{receipt_id}/verify").json()
