"""Typed readers of environment variables, and the secrets that an installation makes for itself.

`secret` also reads NAME_FILE (Docker secrets); without either it keeps a random one under var/, so that
the embedded default needs no set-up and still has no secret in the repository.
"""

import os
import secrets
from pathlib import Path


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def whole(name: str, default: int) -> int:
    return int(os.environ.get(name, default))


def number(name: str, default: float) -> float:
    return float(os.environ.get(name, default))


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def listed(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def secret(name: str, *, kept_in: Path) -> str:
    if name in os.environ:
        return os.environ[name]
    if f"{name}_FILE" in os.environ:
        return Path(os.environ[f"{name}_FILE"]).read_text().strip()
    path = kept_in / name.lower()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
