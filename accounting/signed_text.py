"""Reads what a signed text says, without asking who signed it. It must not decide whether to trust it."""

import base64
import binascii
import json
from typing import Any


def content_of(jws: str) -> dict[str, Any]:
    """The payload of a compact JWS (RFC 7515, section 3.1); empty when the text is not one."""
    parts = jws.split(".")
    if len(parts) != 3:
        return {}
    try:
        body = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
