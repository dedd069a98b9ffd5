"""The absolute addresses that a card is known by outside, and how it is cited: the same in every document."""

from dataclasses import dataclass

from marketplace.models import Organisation, Source


@dataclass(frozen=True, slots=True)
class Site:
    """`root` is where this market answers, without a slash at its end."""

    root: str

    def dataset(self, source: Source) -> str:
        return f"{self.root}/v1/sources/{source.slug}"

    def policy(self, source: Source) -> str:
        return f"{self.dataset(source)}/odrl"

    def page(self, source: Source) -> str:
        return f"{self.root}/catalogue/{source.slug}"

    def owner(self, organisation: Organisation) -> str:
        return f"{self.root}/catalogue?owner={organisation.slug}"

    @property
    def catalog(self) -> str:
        return f"{self.root}/catalog"

    @property
    def api(self) -> str:
        return f"{self.root}/v1"


def citation(source: Source, site: Site) -> str:
    """How to cite it: who, when, what, where."""
    who, what = source.organisation.name, source.title
    return f"{who} ({source.created_at:%Y}). {what} [source]. {site.page(source)}"


_SPDX = frozenset(
    {
        "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0",
        "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", "MIT", "Apache-2.0", "BSD-2-Clause",
        "BSD-3-Clause", "GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-3.0-only", "MPL-2.0",
        "ODbL-1.0", "ODC-By-1.0", "PDDL-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "GFDL-1.3-only",
    }
)  # fmt: skip


def license_iri(text: str) -> str | None:
    """The published address of a licence that is named by its SPDX identifier."""
    return f"https://spdx.org/licenses/{text}" if text in _SPDX else None
