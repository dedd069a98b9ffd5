"""Makes the next signing key without losing a receipt: the old one's public half is kept before it goes.

Only for an installation that keeps its key in its own file; a key that the environment gives is changed where
it is given. A private key is never printed, logged or written anywhere but into its file.
"""

import json
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

from accounting import audit
from accounting.errors import Conflict
from accounting.files import replace_file
from accounting.key_ring import current_ring, private_key, public_jwk
from accounting.writes import durable_write


def new_private_key_pem() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@durable_write
def rotate(*, acting_user_label: str, now: datetime) -> str:
    """The id of the new key. What the old one signed stays verifiable; nothing needs to be restarted."""
    if settings.RECEIPT_SIGNING_KEY:
        raise Conflict(
            "The signing key is given by the environment variable RECEIPT_SIGNING_KEY.",
            next_step="Follow docs/receipts.md, 'Rotation where the environment gives the key'.",
        )
    before, pem = current_ring(), new_private_key_pem()
    replace_file(settings.RECEIPT_RETIRED_KEYS_FILE, json.dumps(before.as_jwks(), indent=2))
    replace_file(settings.RECEIPT_SIGNING_KEY_FILE, pem)
    after = current_ring()
    audit.record(
        acting_user=acting_user_label,
        action="receipts.rotate_key",
        subject=after.signing_key_id,
        before={"signing": before.signing_key_id, "published": list(before.public_keys)},
        after={"signing": after.signing_key_id, "published": list(after.public_keys)},
        now=now,
    )
    return after.signing_key_id


def write_new_key(path: Path) -> str:
    """A new private key in a new file that only its owner reads; the id of the key."""
    pem = new_private_key_pem()
    replace_file(path, pem)
    return public_jwk(private_key(pem).public_key())["kid"]
