"""Which keys receipts are signed and checked with: one that signs now, and the public halves of earlier ones.

Reads the settings and the two files beside them, and reads them again when a file has changed, so that a
rotation reaches running processes. It makes and changes no key: that is `key_rotation`.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings

from accounting.operations import canonical_json

ALGORITHM = "EdDSA"
Jwk = dict[str, str]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`public_keys` holds the signing key's public half too, under the id that a signature names."""

    signing_key: Ed25519PrivateKey
    signing_key_id: str
    public_keys: Mapping[str, Ed25519PublicKey]

    def as_jwks(self) -> dict[str, list[Jwk]]:
        """What is published: the signing key first, the retired ones after it."""
        return {"keys": [public_jwk(key) for key in self.public_keys.values()]}


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_jwk(key: Ed25519PublicKey) -> Jwk:
    """A public key as a JSON Web Key; its id is the RFC 7638 thumbprint, so it follows from the key alone."""
    required = {
        "crv": "Ed25519",
        "kty": "OKP",
        "x": unpadded(key.public_bytes(Encoding.Raw, PublicFormat.Raw)),
    }
    thumbprint = unpadded(hashlib.sha256(canonical_json(required)).digest())
    return {**required, "kid": thumbprint, "use": "sig", "alg": ALGORITHM}


def public_key(jwk: Mapping[str, str]) -> Ed25519PublicKey:
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        raise TypeError("A retired receipt key must be an Ed25519 public key as a JSON Web Key.")
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "=" * (-len(jwk["x"]) % 4)))


def private_key(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("RECEIPT_SIGNING_KEY must be an Ed25519 private key in PEM form.")
    return key


def read_ring(*, pem: str, retired: str) -> KeyRing:
    """A ring from its texts; `retired` is a JSON Web Key Set, or nothing."""
    signing_key = private_key(pem)
    public = [signing_key.public_key(), *map(public_key, json.loads(retired or '{"keys": []}')["keys"])]
    named = {public_jwk(key)["kid"]: key for key in public}
    return KeyRing(signing_key, next(iter(named)), named)


class _Last:
    """The last ring that was read beside what it was read from; replaced as one, for threads."""

    read: tuple[tuple[Any, ...], KeyRing] | None = None


def current_ring() -> KeyRing:
    """The ring as settings and files have it now; asking costs two looks at the file system."""
    read_from = (settings.RECEIPT_SIGNING_KEY, settings.RECEIPT_RETIRED_KEYS, *_stamps())
    if _Last.read is None or _Last.read[0] != read_from:
        _Last.read = (read_from, read_ring(pem=_signing_pem(), retired=_retired_jwks()))
    return _Last.read[1]


def _stamps() -> Iterator[tuple[str, int, int] | None]:
    for path in (settings.RECEIPT_SIGNING_KEY_FILE, settings.RECEIPT_RETIRED_KEYS_FILE):
        try:
            found = os.stat(path)  # noqa: PTH116 (on the path of every answer: half the time of Path.stat)
        except FileNotFoundError:
            yield None
        else:
            yield (str(path), found.st_mtime_ns, found.st_ino)


def _signing_pem() -> str:
    given: str = settings.RECEIPT_SIGNING_KEY
    file: Path = settings.RECEIPT_SIGNING_KEY_FILE
    return given or file.read_text()


def _retired_jwks() -> str:
    """Those of the environment and those of the file together."""
    file: Path = settings.RECEIPT_RETIRED_KEYS_FILE
    texts = [settings.RECEIPT_RETIRED_KEYS, file.read_text() if file.exists() else ""]
    return json.dumps({"keys": [key for text in texts if text for key in json.loads(text)["keys"]]})
