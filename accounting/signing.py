"""Signs what must be provable later, and tells whether a text is ours: EdDSA JWS over canonical JSON.

On the path of every answer, so a signature costs one canonical JSON and one Ed25519 operation. It knows no
receipt and no audit event; `kind` keeps a text that was signed as one from being taken for the other.
"""

import base64
import functools
import json
from collections.abc import Mapping
from typing import Any

import jwt

from accounting.key_ring import ALGORITHM, current_ring, unpadded
from accounting.operations import canonical_json

RECEIPT = "JWT"  # the JOSE header `typ` of a receipt
AUDIT_SEAL = "audit-seal+jws"
ZERO_INFLUENCE = "zero-influence+jws"
_JWS = jwt.PyJWS()


def sign(body: Mapping[str, Any], *, kind: str = RECEIPT) -> str:
    """A compact JWS whose payload is the canonical JSON of `body`."""
    ring = current_ring()
    signed = b"%b.%b" % (_protected_header(ring.signing_key_id, kind), _encoded(canonical_json(body)))
    return f"{signed.decode()}.{unpadded(ring.signing_key.sign(signed))}"


def verify(jws: str, *, kind: str = RECEIPT) -> bool:
    """Whether one of our keys signed exactly this text."""
    return payload(jws, kind=kind) is not None


def payload(jws: str, *, kind: str = RECEIPT) -> dict[str, Any] | None:
    """What was signed, or None: a signature that does not hold, an unknown key, a text of another kind."""
    try:
        header = jwt.get_unverified_header(jws)
        key = current_ring().public_keys.get(header.get("kid", ""))
        if key is None or header.get("typ") != kind:
            return None
        body = json.loads(_JWS.decode(jws, key, algorithms=[ALGORITHM]))
    except (jwt.InvalidTokenError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def jwks() -> dict[str, list[dict[str, str]]]:
    """Every public key that a signature of ours may name, as a JSON Web Key Set."""
    return current_ring().as_jwks()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


@functools.lru_cache(maxsize=8)
def _protected_header(key_id: str, kind: str) -> bytes:
    return _encoded(canonical_json({"alg": ALGORITHM, "kid": key_id, "typ": kind}))
