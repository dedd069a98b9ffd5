"""Text leaves as early as it is safe, and joins to exactly what the tokens spell."""

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.net.detokenise import TextStream


def decode_bytes(ids):
    return bytes(ids).decode("utf-8", errors="replace")


def pushed(data, **options):
    stream = TextStream(decode_bytes, **options)
    deltas = [stream.push(byte) for byte in data]
    return [*deltas, stream.finish()], stream


@given(st.binary(max_size=120))
@settings(deadline=None, max_examples=400)
def test_any_bytes_join_to_what_they_decode_to_at_once(data):
    deltas, _ = pushed(data)
    assert "".join(deltas) == decode_bytes(data)


@given(st.text(max_size=60))
@settings(deadline=None)
def test_a_character_leaves_with_its_last_byte_and_never_in_halves(text):
    data = text.encode("utf-8", errors="surrogatepass")
    deltas, _ = pushed(data)
    assert "".join(deltas) == decode_bytes(data)
    if "�" not in decode_bytes(data):
        assert all("�" not in delta for delta in deltas)


@given(
    st.text("ab\n", max_size=60), st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3)
)
@settings(deadline=None, max_examples=400)
def test_text_ends_before_the_first_stop_string_wherever_tokens_break(text, stops):
    deltas, stream = pushed(text.encode(), stop=stops)
    places = [text.find(stop) for stop in stops if stop in text]
    # The stream stops at the first moment that some stop string is complete.
    ends = [place + len(stop) for stop in stops if (place := text.find(stop)) >= 0]
    if not ends:
        assert "".join(deltas) == text
    else:
        seen = text[: min(ends)]
        expected = seen[: min(place for stop in stops if (place := seen.find(stop)) >= 0)]
        assert "".join(deltas) == expected
    assert stream.stopped == bool(places)


def test_what_could_become_a_stop_string_waits_and_what_cannot_leaves_at_once():
    stream = TextStream(decode_bytes, stop=["END"])
    assert [stream.push(byte) for byte in b"aENx"] == ["a", "", "", "ENx"]
