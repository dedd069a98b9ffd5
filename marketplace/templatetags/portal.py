"""How numbers, times and states are written on the pages: always with a unit, never rounded to nothing.

Serves every page; reads nothing but its arguments. It must not query the database.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounting import words
from marketplace.policy.purposes import PURPOSES

register = template.Library()

BADGES = {
    "live": "good",
    "in_force": "good",
    "waiting": "warn",
    "not_approved": "bad",
    "active": "good",
    "done": "good",
    "verified": "good",
    "paid": "good",
    "open": "warn",
    "requested": "warn",
    "draft": "warn",
    "in_review": "warn",
    "queued": "warn",
    "training": "warn",
    "running": "warn",
    "paused": "warn",
    "not_proved": "warn",
    "exhausted": "bad",
    "suspended": "bad",
    "failed": "bad",
    "expired": "bad",
    "revoked": "bad",
    "approved": "warn",
    "refused": "bad",
    "returned": "bad",
}


@register.filter
def usd(micro_usd: int | None) -> SafeString | str:
    """Dollars to the millionth, the digits below a cent muted."""
    if micro_usd is None:
        return "—"
    text = words.dollars(micro_usd)
    return format_html('<span class="money">{}<i>{}</i></span>', text[:-4], text[-4:])


@register.filter
def zcdp(nano_zcdp: int) -> str:
    """A zCDP parameter with six digits behind the point, rounded up."""
    return f"{math.ceil(nano_zcdp / 1000) / 1_000_000:,.6f}"


@register.filter
def epsilon(value: float) -> str:
    """An epsilon with four digits behind the point, rounded up: a guarantee is never told as more."""
    return f"{math.ceil(value * 10_000) / 10_000:,.4f}"


@register.filter
def usd_plain(micro_usd: int | None) -> str:
    """The same amount for attributes and plain text."""
    return "—" if micro_usd is None else words.dollars(micro_usd)


@register.filter
def nats(nano_nats: int | None, absent: str = "no limit") -> SafeString | str:
    if nano_nats is None:
        return absent
    return format_html(
        '<span class="number">{} <span class="unit">nats</span></span>', words.nats_number(nano_nats)
    )


@register.filter
def nats_plain(nano_nats: int | None, absent: str = "no limit") -> str:
    return absent if nano_nats is None else words.nats(nano_nats)


@register.filter
def signed_nats(nano_nats: int) -> SafeString:
    """Influence that has a sign: what is shared."""
    return format_html(
        '<span class="number">{} <span class="unit">nats</span></span>', words.signed_nats_number(nano_nats)
    )


@register.filter
def signed_float_nats(nats_value: float) -> str:
    """A measured float with its sign, to the nano-nat: never a zero with a sign."""
    return words.signed_nats(round(nats_value * 10**9))


@register.filter
def signed_usd(micro_usd: int) -> SafeString:
    """A movement of money."""
    text = words.signed_dollars(micro_usd)
    return format_html('<span class="money">{}<i>{}</i></span>', text[:-4], text[-4:])


@register.filter
def bits(value: float | None) -> SafeString | str:
    """Bits per byte of held-out text: lower means that the text was foreseen better."""
    if value is None:
        return "—"
    return format_html('<span class="number">{} <span class="unit">bits/byte</span></span>', f"{value:.3f}")


@register.filter
def size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:,.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


@register.filter
def when(moment: datetime | None, absent: str = "never") -> SafeString | str:
    if moment is None:
        return absent
    moment = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(timespec="seconds"),
        moment.strftime("%Y-%m-%d %H:%M:%S"),
        moment.strftime("%-d %b %Y, %H:%M"),
    )


@register.filter
def spoken(name: str) -> str:
    """`not_together` as it is read."""
    return name.replace("_", " ")


@register.filter
def badge(state: str) -> SafeString:
    return format_html('<span class="badge {}">{}</span>', BADGES.get(state, ""), state.replace("_", " "))


@register.filter
def purpose(slug: str) -> str:
    """A purpose by its title; one that this version does not know by its own name."""
    known = PURPOSES.get(slug)
    return slug if known is None else known.title


@register.simple_tag
def copyable(text: object, show: int = 0) -> SafeString:
    """An identifier with a copy button; `show` shortens what is seen, never what is copied."""
    whole = str(text)
    seen = f"{whole[:show]}…" if show and len(whole) > show else whole
    return format_html(
        '<span class="row"><code title="{}">{}</code>'
        '<button type="button" class="link small" data-copy="{}" hidden>Copy</button></span>',
        whole,
        seen,
        whole,
    )


@register.simple_tag
def bar(label: str, whole: float | None, *parts: float) -> SafeString:
    """A bar of up to two parts (used, held) of a whole, as SVG: no style attribute is needed."""
    if not whole:
        return format_html('<svg class="bar" role="img" aria-label="{}"></svg>', label)
    used = sum(parts)
    state = "empty" if used >= whole else "low" if used >= 0.8 * whole else ""
    return format_html(
        '<svg class="bar {}" role="img" aria-label="{}">{}</svg>',
        state,
        label,
        _rectangles(parts, whole, ("", "held")),
    )


@register.simple_tag
def plain_bar(label: str, whole: float, part: float, fill: str) -> SafeString:
    """A bar that compares: no colour of it means too much."""
    return format_html(
        '<svg class="bar" role="img" aria-label="{}">{}</svg>', label, _rectangles((part,), whole, (fill,))
    )


@register.simple_tag
def share_bar(label: str, parts: Sequence[int | float]) -> SafeString:
    """One bar cut into shares of its own sum, in the voters' colours."""
    whole = sum(parts)
    names = [f"fill-{min(position + 1, 6)}" for position in range(len(parts))]
    rectangles = _rectangles(parts, whole, names) if whole else SafeString("")
    return format_html('<svg class="bar thick" role="img" aria-label="{}">{}</svg>', label, rectangles)


def _rectangles(parts: Sequence[int | float], whole: float, names: Sequence[str]) -> SafeString:
    rows, start = [], 0.0
    for part, name in zip(parts, names, strict=False):
        width = min(100.0 * part / whole, 100.0 - start)
        rows.append((name, f"{start:.3f}", f"{width:.3f}"))
        start += width
    return format_html_join("", '<rect class="{}" x="{}%" width="{}%" height="100%"/>', rows)
