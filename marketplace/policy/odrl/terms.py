"""The words of ODRL documents: a term of our profile with what it means, and how names are written short."""

from dataclasses import dataclass
from typing import Literal

ODRL = "http://www.w3.org/ns/odrl/2/"
ODRL_CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROFILE_PATH = "/ns/abc/v1"
PREFIX = "abc:"

TermKind = Literal["LeftOperand", "Action", "RightOperand", "Unit", "Property", "Class"]


@dataclass(frozen=True, slots=True)
class Term:
    """`name` without its prefix; `meaning` is one sentence."""

    name: str
    kind: TermKind
    meaning: str

    @property
    def short(self) -> str:
        return f"{PREFIX}{self.name}"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose policy it is, of which source, and on which host: all addresses follow from it."""

    base: str
    source: str
    organisation: str

    @property
    def profile(self) -> str:
        return f"{self.base}{PROFILE_PATH}"

    @property
    def uid(self) -> str:
        return f"{self.target}/odrl"

    @property
    def target(self) -> str:
        return f"{self.base}/v1/sources/{self.source}"

    @property
    def assigner(self) -> str:
        return f"{self.profile}/organisations/{self.organisation}"


def prefixes(base: str) -> dict[str, str]:
    """What each prefix of ours stands for; `prefix:name` is that and the name."""
    profile = f"{base}{PROFILE_PATH}"
    return {
        "abc": f"{profile}#",
        "abc-purpose": f"{profile}#purpose-",
        "abc-organisation": f"{profile}/organisations/",
        "abc-group": f"{profile}/groups/",
        "abc-domain": f"{profile}/domains/",
        "abc-source": f"{base}/v1/sources/",
        "iso3166": "https://www.iso.org/obp/ui/#iso:code:3166:",
    }


class Names:
    """Every way to write a name, and the one that this package uses: without `odrl:`, with our prefixes."""

    def __init__(self, base: str) -> None:
        ours = prefixes(base)
        # The longest address first: `#purpose-` before `#`.
        self._addresses = sorted(((ours[one], f"{one}:") for one in ours), key=lambda pair: -len(pair[0]))

    def short(self, name: str) -> str:
        for start in ("odrl:", ODRL):
            if name.startswith(start):
                return name.removeprefix(start)
        if name.startswith(XSD):
            return f"xsd:{name.removeprefix(XSD)}"
        for address, prefix in self._addresses:
            if name.startswith(address):
                return f"{prefix}{name.removeprefix(address)}"
        return name
