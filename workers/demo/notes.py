"""var/demo.json: what a person or a script needs to go on with the demo's database.

Read at the start so that a repeated demo keeps its keys and passwords, written at the end; mode 0600.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Notes:
    """Plain API keys by organisation, passwords by person."""

    path: Path
    api_keys: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Notes":
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return cls(path=path)
        return cls(path=path, api_keys=kept.get("api_keys", {}), passwords=kept.get("passwords", {}))

    def write(self, *, base_url: str, buyer: str, operator: str, owners: list[dict[str, Any]]) -> None:
        """`owners` carry slug, organisation and sources; keys and passwords are added from the notes."""
        kept = {
            "base_url": base_url,
            "buyer_api_key": self.api_keys[buyer],
            "buyer_organisation": buyer,
            "owners": [owner | {"api_key": self.api_keys[owner["organisation"]]} for owner in owners],
            "operator": {"username": operator, "password": self.passwords[operator]},
            "api_keys": self.api_keys,
            "passwords": self.passwords,
        }
        draft = self.path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=2)
        draft.replace(self.path)
