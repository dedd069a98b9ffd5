"""Ids of rows that are written all the time sort by the time they were made, and are never the same."""

import time
import uuid

from accounting.identifiers import ordered_id, ordered_ids


def test_an_id_made_later_sorts_later():
    first = ordered_id()
    time.sleep(0.005)
    assert first < ordered_id()


def test_an_id_is_a_uuid_of_version_seven():
    made = ordered_id()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert abs((made.int >> 80) / 1000 - time.time()) < 5


def test_many_at_once_are_all_different():
    assert len({*ordered_ids(1000), *ordered_ids(1000)}) == 2000
