"""What changed from one policy to the next: place by place for machines, and in plain sentences.

Also which changes ask more of a consumer than before; somebody who was approved under the old terms confirms
those first. Pure: two plain forms in, values out. It decides nothing about agreements.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.policy import plain as plain_form
from marketplace.policy.purposes import ANY, PURPOSES, lineage
from marketplace.policy.sentences import sentences

Plain = Mapping[str, Any]
_PRICES = {
    "price_micro_usd_per_nat": "a nat of influence costs",
    "floor_price_micro_usd": "an answer pays at least",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One place of the plain form; None where the policy says nothing there."""

    path: str
    before: Any
    after: Any

    @property
    def added(self) -> list[Any]:
        """Of a list: what it has now and had not."""
        return _beyond(self.after, self.before)

    @property
    def removed(self) -> list[Any]:
        return _beyond(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Diff:
    """`was` and `now` are the sentences that hold no longer and hold from now on."""

    changes: tuple[Change, ...]
    was: tuple[str, ...]
    now: tuple[str, ...]
    asks_more: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        changes = [
            {"path": one.path, "before": one.before, "after": one.after, "added": one.added,
             "removed": one.removed}
            for one in self.changes
        ]  # fmt: skip
        return {
            "changes": changes,
            "was": list(self.was),
            "now": list(self.now),
            "asks_more": list(self.asks_more),
        }


def diff(before: Plain | None, after: Plain) -> Diff:
    """From the policy that was in force to the next one; None where there was none."""
    old, new = _told(before), _told(after)
    return Diff(
        changes=tuple(_changes(before or {}, after)),
        was=tuple(one for one in old if one not in new),
        now=tuple(one for one in new if one not in old),
        asks_more=() if before is None else tuple(_asks_more(before, after)),
    )


def _told(plain: Plain | None) -> list[str]:
    return [] if plain is None else sentences(plain_form.parse(plain))


def _changes(before: Plain, after: Plain) -> Iterator[Change]:
    old, new = dict(_leaves(before, "$")), dict(_leaves(after, "$"))
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield Change(path, old.get(path), new.get(path))


def _leaves(value: Plain, path: str) -> Iterator[tuple[str, Any]]:
    """Every place that says something. The order of a list of terms says nothing."""
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _leaves(inner, f"{path}.{key}")
        elif isinstance(inner, list) and all(isinstance(one, str) for one in inner):
            yield f"{path}.{key}", sorted(inner)
        elif inner is not None:
            yield f"{path}.{key}", inner


def _beyond(these: Any, those: Any) -> list[Any]:
    if not isinstance(these, list):
        return []
    others = those if isinstance(those, list) else []
    return [one for one in these if one not in others]


def _asks_more(before: Plain, after: Plain) -> Iterator[str]:
    """Higher prices, fewer purposes or kinds of output, another regime, a notice to show."""
    for key, words in _PRICES.items():
        was, now = before.get(key) or 0, after.get(key) or 0
        if now > was:
            yield f"The price rises: {words} {now:,} micro-USD instead of {was:,}."
    yield from _ceiling(before.get("ceiling_price_micro_usd"), after.get("ceiling_price_micro_usd"))
    if (before.get("prices") or []) != (after.get("prices") or []):
        yield "The prices by purpose or organisation are others."
    lost = [term for term in PURPOSES if _serves(before, term) and not _serves(after, term)]
    if lost:
        yield f"It no longer serves {', '.join(PURPOSES[term].title.lower() for term in lost)}."
    for output in sorted(_outputs(before) - _outputs(after)):
        yield f"It no longer gives the output '{output}'."
    if before.get("regime", "measurement") != after.get("regime", "measurement"):
        yield f"The regime is {after.get('regime', 'measurement')} now."
    notice = after.get("attribution_notice")
    if notice and notice != before.get("attribution_notice"):
        yield f"Whoever uses it must show: {notice}"


def _ceiling(was: int | None, now: int | None) -> Iterator[str]:
    if was is not None and (now is None or now > was):
        most = "as much as its influence costs" if now is None else f"up to {now:,} micro-USD"
        yield f"The price rises: an answer can pay {most} instead of {was:,} micro-USD."


def _serves(plain: Plain, term: str) -> bool:
    said = plain.get("purposes") or {}
    allow, deny, line = set(said.get("allow") or ()), set(said.get("deny") or ()), lineage(term)
    return deny.isdisjoint(line) and (ANY in allow or not allow.isdisjoint(line))


def _outputs(plain: Plain) -> frozenset[str]:
    """Absent: answers and classifications, and quotations where quoting is allowed."""
    said = plain.get("outputs")
    if said is not None:
        return frozenset(said.get("allow") or ())
    return frozenset({"answer", "classification"} | ({"quotation"} if plain.get("quote") else set()))
