"""Published policies in their parsed form. A version never changes, so each is parsed once a process.

Known by the digest of the plain form, which stays where it is: versions that say the same are one object.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable

from marketplace.models import PolicyVersion
from marketplace.policy import plain
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid

KEPT = 40_000  # about 2 kB each

_kept: OrderedDict[str, Policy] = OrderedDict()
_lock = threading.Lock()


def parsed(version: PolicyVersion) -> Policy:
    """PolicyInvalid where it has something that this version of the product cannot read."""
    return _by_digest(version.digest, lambda: version.plain)


def readable(digest: str, text: str) -> Policy | None:
    """The same of a plain form as JSON; fail closed: a policy of which not all can be read is none."""
    try:
        return _by_digest(digest, lambda: json.loads(text))
    except PolicyInvalid:
        return None


def _by_digest(digest: str, read: Callable[[], object]) -> Policy:
    with _lock:
        if digest in _kept:
            _kept.move_to_end(digest)
            return _kept[digest]
    policy = plain.published(read())
    with _lock:
        _kept[digest] = policy
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return policy
