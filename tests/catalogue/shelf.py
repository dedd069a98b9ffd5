"""Sources as a catalogue would have them, put in place by the use cases, and how the tests ask for them."""

from typing import Any

from django.utils import timezone

from marketplace import listing, publishing, registration
from marketplace.models import Source
from tests.builders import policy
from tests.cast import Actor


def offered(
    owner: Actor,
    slug: str,
    *,
    title: str = "",
    description: str = "",
    license: str = "CC-BY-4.0",  # noqa: A002 (the product's word)
    topics: tuple[str, ...] = (),
    visibility: str = "public",
    **changes: Any,
) -> Source:
    """A live source with a policy and no text: all that a catalogue needs."""
    by: dict[str, Any] = {"acting_user": owner.user, "now": timezone.now()}
    source = registration.register_source(
        organisation=owner.organisation, slug=slug, title=title or slug.title(), description=description,
        license=license, **by,
    )  # fmt: skip
    publishing.publish_policy(source=source, plain=policy(**changes), **by)
    listing.set_topics(source=source, topics=topics, **by)
    return listing.set_visibility(source=source, visibility=visibility, **by)


def found(client: Any, query: str = "") -> dict[str, Any]:
    reply = client.get(f"/v1/catalogue?{query}")
    assert reply.status_code == 200, reply.content
    body: dict[str, Any] = reply.json()
    return body


def slugs(client: Any, query: str = "") -> list[str]:
    return [one["slug"] for one in found(client, query)["results"]]


def counts(client: Any, facet: str, query: str = "") -> dict[str, int]:
    """What the facet offers, with its counts."""
    (one,) = [one for one in found(client, query)["facets"] if one["name"] == facet]
    return {choice["value"]: choice["count"] for choice in one["choices"]}
