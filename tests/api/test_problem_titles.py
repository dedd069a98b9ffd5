"""The title of a problem is words for a person, whatever part of the product refuses."""

import pytest

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def test_a_method_that_an_address_does_not_have_is_named_in_words(cast):
    reply = cast.owner.api.delete("/v1/catalogue")
    assert (reply.status_code, reply.json()["title"]) == (405, "Method not allowed")
    assert "DELETE" in reply.json()["detail"]


def test_a_media_type_that_is_not_read_is_named_in_words(cast):
    reply = cast.owner.api.post("/v1/sources", "<source/>", content_type="application/xml")
    assert (reply.status_code, reply.json()["title"]) == (415, "Unsupported media type")
    assert "application/xml" in reply.json()["detail"]
