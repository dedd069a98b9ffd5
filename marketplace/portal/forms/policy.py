"""The policy form: an owner's choices in plain words, and the plain policy they stand for.

`plain()` builds what `marketplace.policy.parse` reads and `initial_from` goes the other way, without loss.
The form checks types only; whether the policy holds together is decided by `parse`, whose problems are led
back to the fields by their paths.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from marketplace.policy.problems import Problem
from marketplace.policy.purposes import ANY, PURPOSES
from marketplace.policy.windows import PERS
from marketplace.portal.forms import kept, moments, prices, regions, windows
from marketplace.portal.forms.choices import Explained
from marketplace.portal.forms.texts import CountriesField, NamesField, sides

REGIMES = [
    (
        "measurement",
        Explained(
            "Measure and cap",
            "Influence on every open answer is measured exactly, limited and paid. The usual choice.",
        ),
    ),
    (
        "attribution",
        Explained(
            "Insist on attribution",
            "As above, and answers that use it should rest on it by at least a floor you set.",
        ),
    ),
    (
        "privacy",
        Explained(
            "Guarantee privacy",
            "Votes in private answers only, within a fixed differential-privacy budget. "
            "Never quoted, never measured.",
        ),
    ),
]
PURPOSE_CHOICES = [
    (purpose.slug, Explained(purpose.title, below=purpose.parent is not None))
    for purpose in PURPOSES.values()
]
LIMITS = ("per_answer", "per_consumer_day", "lifetime")
EVERYONE, LISTED = "everyone", "listed"
OUTPUT_CHOICES = [
    ("answer", Explained("Answers", "Text that rests on the source.")),
    ("classification", Explained("Classifications", "A choice among labels that the buyer names.")),
    ("quotation", Explained("Quotations", "Passages, word for word; needs quoting below.")),
]
APPROVAL_CHOICES = [
    ("none", Explained("Nobody has to ask first", "Who meets the policy may use it at once.")),
    (
        "required",
        Explained("I approve every organisation first", "They state their purpose and wait for you."),
    ),
]

# From the places in a plain policy to the fields that wrote them; the longest match counts.
FIELDS = {
    "$.regime": "regime",
    "$.purposes": "purposes",
    "$.purposes.deny": "purposes_denied",
    "$.consumers": "consumers",
    "$.consumers.deny": "consumers_denied",
    "$.price_micro_usd_per_nat": "price_micro_usd_per_nat",
    "$.floor_price_micro_usd": "floor_price_micro_usd",
    "$.ceiling_price_micro_usd": "ceiling_price_micro_usd",
    "$.max_gamma": "max_gamma",
    "$.quote": "quote",
    "$.valid_from": "valid_from",
    "$.valid_until": "valid_until",
    "$.influence_nats.per_answer": "per_answer",
    "$.influence_nats.per_consumer_day": "per_consumer_day",
    "$.influence_nats.lifetime": "lifetime",
    "$.floor_nats": "floor_nats",
    "$.countries": "countries",
    "$.countries.deny": "countries_denied",
    "$.outputs": "outputs",
    "$.topics": "topic_within_keywords",
    **{
        f"$.topics.{side}.{part}": regions.name_of(side, part)
        for side in regions.SIDES
        for part in regions.PARTS
    },
    "$.topics.not_within": "topic_not_within_keywords",
    "$.minimum_coalition": "minimum_coalition",
    "$.not_together_with": "not_together_with",
    "$.attribution_notice": "attribution_notice",
    "$.approval": "approval",
    "$.privacy": "privacy_budget",
    "$.privacy.eta": "privacy_eta",
    "$.privacy.delta": "privacy_delta",
}


def _number(label: str, about: str = "", **kwargs: Any) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        help_text=about,
        required=False,
        min_value=0,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        **kwargs,
    )


class PolicyForm(forms.Form):
    """Every clause of a plain policy as a field."""

    regime = forms.ChoiceField(label="What do you ask for?", choices=REGIMES, widget=forms.RadioSelect)
    purposes = forms.MultipleChoiceField(
        label="For which purposes?",
        choices=[(ANY, Explained("Every purpose, also those added later")), *PURPOSE_CHOICES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A purpose includes those that are part of it. With none chosen, nobody is answered.",
    )
    purposes_denied = forms.MultipleChoiceField(
        label="Never for",
        choices=PURPOSE_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Exceptions win over what is allowed above.",
    )
    who = forms.ChoiceField(
        label="For whom?",
        choices=[
            (EVERYONE, "Every organisation of this market"),
            (LISTED, "Only the organisations named here"),
        ],
        widget=forms.RadioSelect,
    )
    consumers = NamesField(
        label="Named organisations",
        required=False,
        help_text="Short names, group:name for a group of this market, domain:example.org for whoever proved "
        "that domain; separated by commas.",
    )
    consumers_denied = NamesField(
        label="Never for these", required=False, help_text="Written in the same way; they win."
    )
    countries = CountriesField(
        label="Only organisations in these countries",
        required=False,
        help_text="Two-letter codes or names, separated by commas. Empty: every country.",
    )
    countries_denied = CountriesField(
        label="Never for organisations in", required=False, help_text="Two-letter codes or names."
    )
    outputs = forms.MultipleChoiceField(
        label="What may come out?",
        choices=OUTPUT_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: answers and classifications, and quotations where quoting is allowed. "
        "Training of other models is never allowed.",
    )
    minimum_coalition = forms.IntegerField(
        label="Only beside so many other sources",
        min_value=0,
        required=False,
        help_text="It votes only if at least so many others do. Empty: it may vote alone.",
    )
    not_together_with = NamesField(
        label="Never in one answer with",
        required=False,
        help_text="Short names of sources, separated by commas.",
    )
    attribution_notice = forms.CharField(
        label="Text that has to be shown",
        required=False,
        strip=False,
        help_text="Beside every answer that it voted in, and on the receipt.",
    )
    approval = forms.ChoiceField(
        label="Do you want to be asked first?",
        choices=APPROVAL_CHOICES,
        required=False,
        widget=forms.RadioSelect,
    )
    price_micro_usd_per_nat = forms.IntegerField(
        label="Price",
        min_value=0,
        help_text="1,000 µ$ is a tenth of a cent. A strong voter gives 1 to 3 nats a word.",
    )
    floor_price_micro_usd = forms.IntegerField(
        label="Least per answer",
        min_value=0,
        required=False,
        help_text="Paid whenever it votes, however little.",
    )
    ceiling_price_micro_usd = forms.IntegerField(
        label="Most per answer",
        min_value=0,
        required=False,
        help_text="No answer pays more, however much it rests on it. Empty: no ceiling.",
    )
    max_gamma = forms.FloatField(
        label="Voting right at most",
        min_value=0,
        max_value=1,
        help_text="1 is a full vote, 0.5 half of one.",
        widget=forms.NumberInput(attrs={"step": "0.05"}),
    )
    quote = forms.BooleanField(
        label="Passages may be quoted",
        required=False,
        help_text="Buyers may see the passages an answer rested on. Quoting is a disclosure of its own.",
    )
    valid_from = moments.field("In force from")
    valid_until = moments.field("In force until")
    per_answer = _number("In one answer")
    per_consumer_day = _number("To one organisation in a day (UTC)")
    lifetime = _number("In its whole life", "Never comes back once spent.")
    floor_nats = _number("Least attribution", "What an answer that uses it should rest on it by.")
    privacy_budget = _number("Private budget", "Lifetime charge, in nats.")
    privacy_eta = _number("Eta", "Most a word piece's odds may shift, in log odds; 0.1 is usual.")
    privacy_delta = _number("Delta", "Chance that the bound fails; 0.000001 is usual.")

    def __init__(self, *args: Any, in_force: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_force = in_force
        self._price_rows = prices.rows_of(self.initial, self.data if self.is_bound else None)
        self.fields.update(windows.fields())
        self.fields.update(regions.fields())
        self.fields.update(prices.fields(self._price_rows))

    def prices(self) -> list[list[forms.BoundField]]:
        """The fields of the prices of some, row by row, for the page."""
        return [[self[prices.name_of(row, part)] for part in prices.PARTS] for row in range(self._price_rows)]

    def regions(self) -> list[list[forms.BoundField]]:
        return [[self[regions.name_of(side, part)] for part in regions.PARTS] for side in regions.SIDES]

    def windows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of the windows, by their length, for the page."""
        return [
            (per, [self[name] for name in self.fields if name.startswith(f"window_{per}_")]) for per in PERS
        ]

    def plain(self) -> dict[str, Any]:
        """The plain policy that the form stands for; call it on a valid form only.

        Whatever says the same as before stays as it was written (`kept`).
        """
        said = self._who() | self._how_much() | self._conditions()
        if self._in_force is None:
            return said
        return kept.as_written(said, self._in_force, terms={path.split(".")[1] for path in FIELDS})

    def _who(self) -> dict[str, Any]:
        data = self.cleaned_data
        everyone = [ANY] if data["who"] == EVERYONE else []
        return {
            "regime": data["regime"],
            "purposes": {"allow": data["purposes"], "deny": data["purposes_denied"]},
            "consumers": {"allow": everyone + data["consumers"], "deny": data["consumers_denied"]},
            **_given(countries=sides(data["countries"], data["countries_denied"])),
            "valid_from": moments.written(data["valid_from"]),
            "valid_until": moments.written(data["valid_until"]),
        }

    def _how_much(self) -> dict[str, Any]:
        data = self.cleaned_data
        influence: dict[str, Any] = {name: _whole(data[name]) for name in LIMITS}
        given = windows.written({name: _whole(data[name]) for name in windows.fields()})
        influence |= {"windows": given} if given else {}
        return {
            "price_micro_usd_per_nat": data["price_micro_usd_per_nat"],
            "floor_price_micro_usd": data["floor_price_micro_usd"] or 0,
            "ceiling_price_micro_usd": data["ceiling_price_micro_usd"],
            **_given(prices=prices.written(data, self._price_rows)),
            "max_gamma": data["max_gamma"],
            "influence_nats": influence,
            "floor_nats": data["floor_nats"] if data["regime"] == "attribution" else None,
            "privacy": self._privacy(),
        }

    def _conditions(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "quote": data["quote"] and data["regime"] != "privacy",
            **_given(
                outputs={"allow": data["outputs"]} if data["outputs"] else None,
                topics=regions.written(data),
                minimum_coalition=data["minimum_coalition"] or None,
                not_together_with=data["not_together_with"],
                attribution_notice=data["attribution_notice"] or None,
                approval=data["approval"] if data["approval"] == "required" else None,
            ),
        }

    def _privacy(self) -> dict[str, float | None] | None:
        names = {"budget_nats": "privacy_budget", "eta": "privacy_eta", "delta": "privacy_delta"}
        terms = {term: self.cleaned_data[name] for term, name in names.items()}
        return None if all(value is None for value in terms.values()) else terms

    def add_problems(self, problems: tuple[Problem, ...]) -> None:
        """Lead what `parse` found back to the fields."""
        for problem in problems:
            own = windows.field_of(problem, self.cleaned_data) or prices.field_of(
                problem, self.cleaned_data, self._price_rows
            )
            self.add_error(own or field_of(problem), problem.sentence)


def field_of(problem: Problem) -> str | None:
    """The form's field that a problem's path belongs to."""
    places = [place for place in FIELDS if problem.path.startswith(place)]
    return FIELDS[max(places, key=len)] if places else None


def initial_from(plain: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the form shows for a policy in force, or the careful defaults of a first one."""
    if plain is None:
        return {"regime": "measurement", "who": EVERYONE, "approval": "none", "price_micro_usd_per_nat": 1000,
                "floor_price_micro_usd": 0, "max_gamma": 1.0, "per_answer": 200, "per_consumer_day": 20000,
                "lifetime": 1000000}  # fmt: skip
    purposes, consumers = plain.get("purposes") or {}, plain.get("consumers") or {}
    influence, privacy = plain.get("influence_nats") or {}, plain.get("privacy") or {}
    allowed, countries = consumers.get("allow") or [], plain.get("countries") or {}
    return {
        **{name: influence.get(name) for name in LIMITS},
        **windows.initial(influence),
        "regime": plain.get("regime", "measurement"),
        "purposes": purposes.get("allow") or [],
        "purposes_denied": purposes.get("deny") or [],
        "who": EVERYONE if ANY in allowed else LISTED,
        "consumers": [name for name in allowed if name != ANY],
        "consumers_denied": consumers.get("deny") or [],
        "countries": countries.get("allow") or [],
        "countries_denied": countries.get("deny") or [],
        "outputs": (plain.get("outputs") or {}).get("allow") or [],
        **regions.initial(plain.get("topics")),
        **prices.initial(plain.get("prices")),
        "minimum_coalition": plain.get("minimum_coalition"),
        "not_together_with": plain.get("not_together_with") or [],
        "attribution_notice": plain.get("attribution_notice"),
        "approval": plain.get("approval") or "none",
        "price_micro_usd_per_nat": plain.get("price_micro_usd_per_nat") or 0,
        "floor_price_micro_usd": plain.get("floor_price_micro_usd") or 0,
        "ceiling_price_micro_usd": plain.get("ceiling_price_micro_usd"),
        "max_gamma": 1.0 if plain.get("max_gamma") is None else plain["max_gamma"],
        "quote": bool(plain.get("quote")),
        "valid_from": moments.read(plain.get("valid_from")),
        "valid_until": moments.read(plain.get("valid_until")),
        "floor_nats": plain.get("floor_nats"),
        "privacy_budget": privacy.get("budget_nats"),
        "privacy_eta": privacy.get("eta"),
        "privacy_delta": privacy.get("delta"),
    }


def _given(**terms: Any) -> dict[str, Any]:
    """Those that say something: a term that says nothing is left out."""
    return {term: value for term, value in terms.items() if value}


def _whole(value: float | None) -> float | int | None:
    """12.0 is written as 12, so that a policy reads the way its owner typed it."""
    return int(value) if value is not None and value == int(Decimal(value)) else value
