"""Published policies in their parsed form. A version never changes, so each is parsed once a process."""

from functools import lru_cache

from marketplace.models import PolicyVersion
from marketplace.policy import plain
from marketplace.policy.policy import Policy


class _ByDigest:
    """Hashed by the digest alone, so that the cache never hashes a whole policy."""

    def __init__(self, version: PolicyVersion) -> None:
        self.version = version

    def __hash__(self) -> int:
        return hash(self.version.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and other.version.digest == self.version.digest


def parsed(version: PolicyVersion) -> Policy:
    return _parse(_ByDigest(version))


@lru_cache(maxsize=40_000)
def _parse(key: _ByDigest) -> Policy:
    return plain.published(key.version.plain)
