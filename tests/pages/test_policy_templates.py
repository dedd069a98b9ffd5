"""Owners start a policy from a template: the form says what the template says, and nothing is published."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from marketplace import migrations
from marketplace.models import PolicyTemplate, PolicyVersion
from marketplace.policy import plain
from marketplace.portal.forms import PolicyForm
from tests.builders import draft_source, policy, publish
from tests.cast import Cast
from tests.pages.test_forms import typed

pytestmark = pytest.mark.django_db


def shipped() -> tuple[dict[str, Any], ...]:
    (path,) = Path(migrations.__path__[0]).glob("*_shipped_templates.py")
    found: tuple[dict[str, Any], ...] = import_module(f"{migrations.__name__}.{path.stem}").SHIPPED
    return found


@pytest.mark.parametrize("template", shipped(), ids=lambda one: one["slug"])
def test_the_form_says_what_a_shipped_template_says(db: None, template: dict[str, Any]) -> None:
    form = PolicyForm(typed(template["plain"]))
    assert form.is_valid(), form.errors
    assert plain.parse(form.plain()) == plain.parse(template["plain"])


@pytest.fixture
def quotes(db: None) -> PolicyTemplate:
    PolicyTemplate.objects.all().delete()
    PolicyTemplate.objects.create(
        slug="hidden", title="Hidden", description="x", plain=policy(), active=False
    )
    return PolicyTemplate.objects.create(
        slug="quotes", title="Quotes", description="May be quoted.", plain=policy(quote=True, max_gamma=0.25)
    )


def test_a_template_fills_the_form_and_its_words_and_publishes_nothing(
    cast: Cast, quotes: PolicyTemplate
) -> None:
    publish(cast.owner, draft_source(cast.owner))
    page = cast.owner.browser.get("/sources/almanac/policy").content.decode()
    assert "?template=quotes" in page
    assert "template=hidden" not in page
    filled = cast.owner.browser.get("/sources/almanac/policy?template=quotes")
    assert "Its voting right is at most 25%." in filled.content.decode()
    assert "The form is filled from “Quotes”" in filled.content.decode()
    assert filled.context["form"].initial["quote"] is True
    assert PolicyVersion.objects.count() == 1


def test_a_template_that_is_not_offered_is_not_there(cast: Cast, quotes: PolicyTemplate) -> None:
    draft_source(cast.owner)
    for slug in ("hidden", "none"):
        assert cast.owner.browser.get(f"/sources/almanac/policy?template={slug}").status_code == 404
    for other in (cast.buyer, cast.second_owner):
        assert other.browser.get("/sources/almanac/policy?template=quotes").status_code == 404
