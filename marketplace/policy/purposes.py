"""The published taxonomy of purposes: what an answer may be for. Small on purpose.

A purpose inherits from its parent: who allows `research` allows `medical-research`, who denies `commercial`
denies `advertising`. Terms are stable; a new one is one line.
"""

from dataclasses import dataclass

ANY = "*"


@dataclass(frozen=True, slots=True)
class Purpose:
    slug: str
    parent: str | None
    title: str


_TABLE = (
    Purpose("research", None, "Research"),
    Purpose("academic-research", "research", "Academic research"),
    Purpose("medical-research", "research", "Medical research"),
    Purpose("clinical-trials", "medical-research", "Clinical trials"),
    Purpose("drug-discovery", "medical-research", "Drug discovery"),
    Purpose("social-research", "research", "Social research"),
    Purpose("market-research", "research", "Market research"),
    Purpose("education", None, "Education"),
    Purpose("teaching", "education", "Teaching"),
    Purpose("self-study", "education", "Self-study"),
    Purpose("examination", "education", "Examination"),
    Purpose("commercial", None, "Commercial use"),
    Purpose("advertising", "commercial", "Advertising"),
    Purpose("political-advertising", "advertising", "Political advertising"),
    Purpose("product-development", "commercial", "Product development"),
    Purpose("customer-support", "commercial", "Customer support"),
    Purpose("consulting", "commercial", "Consulting"),
    Purpose("decisions-about-people", "commercial", "Decisions about people, such as credit or hiring"),
    Purpose("internal-tools", None, "Internal tools"),
    Purpose("software-development", "internal-tools", "Software development"),
    Purpose("knowledge-management", "internal-tools", "Knowledge management"),
    Purpose("journalism", None, "Journalism"),
    Purpose("fact-checking", "journalism", "Fact checking"),
    Purpose("personal", None, "Personal use"),
    Purpose("public-service", None, "Public service"),
    Purpose("health-care", "public-service", "Health care"),
    Purpose("law-enforcement", "public-service", "Law enforcement"),
    Purpose("evaluation", None, "Evaluation of models and data"),
    Purpose("safety-testing", "evaluation", "Safety testing"),
)
PURPOSES = {purpose.slug: purpose for purpose in _TABLE}


def known(slug: str) -> bool:
    return slug in PURPOSES


def lineage(slug: str) -> tuple[str, ...]:
    """The purpose itself, its parent, and so on to the root; an unknown purpose stands alone."""
    line = [slug]
    while (purpose := PURPOSES.get(line[-1])) is not None and purpose.parent is not None:
        line.append(purpose.parent)
    return tuple(line)
