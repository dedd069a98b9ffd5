"""Typed readers of environment variables, and the secrets that an installation makes for itself.

`secret` also reads NAME_FILE (Docker secrets); without either it keeps a random one under var/, so that
the embedded default needs no set-up and still has no secret in the repository.
"""

import os
import secrets
import tempfile
from collections.abc import Callable
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


def one_of(name: str, known: tuple[str, ...]) -> str:
    """One of the known words, the first where nothing is said; a word without a meaning stops the start."""
    value = os.environ.get(name, known[0]).strip()
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not '{value}'")
    return value


def secret(name: str, *, kept_in: Path) -> str:
    return _kept(name, kept_in / name.lower(), lambda: secrets.token_urlsafe(48))


def given_secret(name: str) -> str:
    """A secret that somebody else makes: from NAME or NAME_FILE, else empty, which switches its use off."""
    if f"{name}_FILE" in os.environ:
        return Path(os.environ[f"{name}_FILE"]).read_text().strip()
    return os.environ.get(name, "").strip()


def file(name: str, *, kept_in: Path) -> Path:
    """Where NAME_FILE says that something is, or its place under var/; it need not be there."""
    return Path(os.environ.get(f"{name}_FILE", kept_in))


def signing_key_file(name: str, *, kept_in: Path) -> Path:
    """Where the Ed25519 private key for receipts is, in PEM form; made if nobody gave one."""
    path = file(name, kept_in=kept_in / f"{name.lower()}.pem")
    if not {name, f"{name}_FILE"} & set(os.environ):
        _make_if_absent(path, _new_ed25519_pem)
    return path


def _new_ed25519_pem() -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _kept(name: str, path: Path, make: Callable[[], str]) -> str:
    if name in os.environ:
        return os.environ[name]
    if f"{name}_FILE" in os.environ:
        return Path(os.environ[f"{name}_FILE"]).read_text().strip()
    _make_if_absent(path, make)
    return path.read_text().strip()


def _make_if_absent(path: Path, make: Callable[[], str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _write_once(path, make())


def _write_once(path: Path, content: str) -> None:
    """Whole or not at all, and the first one wins, though several processes may start together."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
