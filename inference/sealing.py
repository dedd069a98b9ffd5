"""Seals what belongs to one consumer (prompts, answers, transcripts at rest) and what could be guessed.

One secret of the deployment, one derived key per organisation (HKDF-SHA256), AES-256-GCM with a fresh nonce.
The answer's id is authenticated with the text, so that one row's contents cannot be moved to another.
"""

import hashlib
import hmac
import json
import os
import zlib
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12


class Unreadable(Exception):
    """The text was sealed for someone else, for another answer, under another secret, or was changed."""


def _key(organisation_id: int) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"transcripts of {organisation_id}".encode())
    return derive.derive(settings.TRANSCRIPT_SECRET.encode())


def seal(value: Any, *, organisation_id: int, answer_id: UUID) -> bytes:
    """Any JSON value, compressed and encrypted."""
    plain = zlib.compress(json.dumps(value).encode())
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key(organisation_id)).encrypt(nonce, plain, answer_id.bytes)


def unseal(sealed: bytes | memoryview, *, organisation_id: int, answer_id: UUID) -> Any:
    sealed = bytes(sealed)
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        plain = AESGCM(_key(organisation_id)).decrypt(nonce, ciphertext, answer_id.bytes)
    except InvalidTag as error:
        raise Unreadable from error
    return json.loads(zlib.decompress(plain))


def keyed_digest(text: str) -> str:
    """A digest that only this deployment can compute: equal for equal texts, useless for trying guesses."""
    return hmac.new(settings.TRANSCRIPT_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
