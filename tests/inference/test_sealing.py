"""What is sealed for one consumer and one answer opens for nobody else."""

from uuid import uuid4

import pytest

from inference.sealing import Unreadable, seal, unseal

PROMPT = {"messages": [{"content": "a secret question"}], "ids": list(range(500))}


def test_what_was_sealed_comes_back_and_is_not_readable_at_rest():
    answer = uuid4()
    sealed = seal(PROMPT, organisation_id=1, answer_id=answer)
    assert b"secret" not in sealed
    assert unseal(sealed, organisation_id=1, answer_id=answer) == PROMPT


def test_another_organisation_another_answer_or_a_changed_byte_open_nothing(settings):
    answer = uuid4()
    sealed = seal(PROMPT, organisation_id=1, answer_id=answer)
    for organisation_id, answer_id, text in (
        (2, answer, sealed),
        (1, uuid4(), sealed),
        (1, answer, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(Unreadable):
            unseal(text, organisation_id=organisation_id, answer_id=answer_id)
    settings.TRANSCRIPT_SECRET = "another deployment"
    with pytest.raises(Unreadable):
        unseal(sealed, organisation_id=1, answer_id=answer)
