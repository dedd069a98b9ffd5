"""Signs and keeps receipts: EdDSA JWS over the canonical JSON of a body that the caller built.

Anyone with the published key can check one offline. `issue` runs inside the settlement's transaction; nothing
here knows what a body means beyond the numbers that it must repeat.
"""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings

from accounting.models import Hold, HoldLine, Receipt, ReceiptLine
from accounting.operations import canonical_json
from accounting.settled import Settled, SettledLine

__all__ = ["Receipt", "ReceiptLine", "issue", "jwks", "payload", "sign", "verify"]
ALGORITHM = "EdDSA"


def sign(body: Mapping[str, Any]) -> str:
    """A compact JWS whose payload is the canonical JSON of `body`."""
    headers = {"kid": jwks()["keys"][0]["kid"], "typ": "JWT"}
    return jwt.PyJWS().encode(canonical_json(body), _private_key(), algorithm=ALGORITHM, headers=headers)


def verify(jws: str) -> bool:
    """Whether our key signed exactly this text."""
    return payload(jws) is not None


def payload(jws: str) -> dict[str, Any] | None:
    """What was signed, or None when the signature does not hold."""
    try:
        content = jwt.PyJWS().decode(jws, _private_key().public_key(), algorithms=[ALGORITHM])
    except jwt.InvalidTokenError:
        return None
    body: dict[str, Any] = json.loads(content)
    return body


def jwks() -> dict[str, list[dict[str, str]]]:
    """The public key as a JSON Web Key Set; its id is the RFC 7638 thumbprint."""
    raw = _private_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = {"crv": "Ed25519", "kty": "OKP", "x": _unpadded(raw)}
    thumbprint = _unpadded(hashlib.sha256(canonical_json(key)).digest())
    return {"keys": [{**key, "kid": thumbprint, "use": "sig", "alg": ALGORITHM}]}


def issue(
    hold: Hold, lines: Sequence[HoldLine], settled: Settled, body: Mapping[str, Any], now: datetime
) -> Receipt:
    """Write the receipt of an ended hold. The numbers that must agree with the ledger are stamped by it."""
    stamped = {
        **body,
        "receipt_id": str(settled.receipt_id),
        "hold_id": str(hold.pk),
        "issued_at": now.isoformat(),
        "fee_micro_usd": settled.fee_micro_usd,
        "total_micro_usd": settled.total_micro_usd,
    }
    receipt = Receipt.objects.create(
        id=settled.receipt_id,
        hold=hold,
        wallet_id=hold.wallet_id,
        issued_at=now,
        body=stamped,
        jws=sign(stamped),
        charges_micro_usd=settled.total_micro_usd - settled.fee_micro_usd,
        fee_micro_usd=settled.fee_micro_usd,
        total_micro_usd=settled.total_micro_usd,
    )
    ReceiptLine.objects.bulk_create(
        _receipt_line(receipt, line, done) for line, done in zip(lines, settled.lines, strict=True)
    )
    return receipt


def _receipt_line(receipt: Receipt, line: HoldLine, done: SettledLine) -> ReceiptLine:
    return ReceiptLine(
        receipt=receipt,
        label=line.label,
        earnings_account_id=line.earnings_account_id,
        nano_nats=done.charged_nano_nats,
        drawn_nano_nats=done.drawn_nano_nats,
        charge_micro_usd=done.charge_micro_usd,
        floor_top_up_micro_usd=done.floor_top_up_micro_usd,
        issued_at=receipt.issued_at,
    )


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _private_key() -> Ed25519PrivateKey:
    return _parsed(settings.RECEIPT_SIGNING_KEY)


@functools.lru_cache(maxsize=4)
def _parsed(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("RECEIPT_SIGNING_KEY must be an Ed25519 private key in PEM form.")
    return key
