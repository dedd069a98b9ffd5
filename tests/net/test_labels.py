"""Labels scored in one pass a row are what each label scores alone; the vote over them is exact."""

import math
from dataclasses import dataclass, field

import pytest
import torch

from accounting.maths.zcdp import private_charge_nats
from inference.net.ballots import Row
from inference.net.constants import CORE_WEIGHT
from inference.net.decoder import Ballots
from inference.net.generation import Seat, generate
from inference.net.label_ballots import LabelBallots
from inference.net.labels import LabelUnusable, labels_of
from inference.net.replay import replay
from inference.net.transcript import Transcript

ALPHA = 2.0
TEXTS = ("yes", "yes, surely", "no", "not at all")


@dataclass
class Unlimited:
    """An allowance of so many nats for each seat."""

    nats: float = math.inf
    spent: dict[str, float] = field(default_factory=dict)

    def left_nats(self, label):
        return self.nats - self.spent.get(label, 0.0)

    def spend(self, label, nats):
        self.spent[label] = self.spent.get(label, 0.0) + nats


@pytest.fixture
def rows(tiny_core, adapters):
    prompt = tiny_core.encode("Is it so? ")
    return [
        Row(prompt),
        Row(tiny_core.encode("Rome was built. Is it so? "), adapters["rome"]),
        Row(tiny_core.encode("Python. Is it so? "), adapters["python"]),
    ]


def alone(core, row, labels, place):
    """log P(label, end | prompt) of one row by the ordinary decoder, one token after the other."""
    pair = [Row(row.prompt_ids), row] if row.adapter else [row]
    ballots = Ballots(core=core, rows=pair)
    log_p = torch.log_softmax(ballots.prefill()[-1].double(), 0)
    total = 0.0
    for token in labels.ids[place]:
        total += float(log_p[token])
        log_p = torch.log_softmax(ballots.step(token)[-1].double(), 0)
    return labels.scaled(place, total + float(torch.logsumexp(log_p[list(labels.ends)], 0)))


@pytest.mark.parametrize("per_token", [False, True])
def test_all_labels_in_one_pass_score_as_each_does_alone(tiny_core, rows, per_token):
    labels = labels_of(tiny_core, TEXTS, per_token=per_token)
    scores = LabelBallots(core=tiny_core, rows=rows, labels=labels).prefill()
    expected = [[alone(tiny_core, row, labels, place) for place in range(len(TEXTS))] for row in rows]
    torch.testing.assert_close(scores, torch.tensor(expected, dtype=torch.float64), atol=2e-4, rtol=0)


def test_a_label_scores_the_same_whichever_labels_stand_beside_it(tiny_core, rows):
    few, more = (labels_of(tiny_core, texts) for texts in (TEXTS[:2], ("before", *TEXTS[:2], "after")))
    one = LabelBallots(core=tiny_core, rows=rows, labels=few).prefill()
    other = LabelBallots(core=tiny_core, rows=rows, labels=more).prefill()
    torch.testing.assert_close(one, other[:, 1:3], atol=2e-4, rtol=0)


def test_the_end_keeps_a_label_apart_from_one_that_begins_with_it(tiny_core, rows):
    """Without it the shorter one would always be likelier: P(yes...) >= P(yes, surely)."""
    labels = labels_of(tiny_core, ("a", "ab"))
    short, long = LabelBallots(core=tiny_core, rows=rows[:1], labels=labels).prefill()[0].tolist()
    ballots = Ballots(core=tiny_core, rows=rows[:1])
    first = torch.log_softmax(ballots.prefill()[0].double(), 0)
    second = torch.log_softmax(ballots.step(labels.ids[0][0])[0].double(), 0)
    begun = float(first[labels.ids[0][0]])
    assert short == pytest.approx(begun + float(torch.logsumexp(second[list(labels.ends)], 0)), abs=2e-4)
    assert short < begun
    assert long < begun


@pytest.mark.parametrize(("texts", "place"), [(("yes", ""), 1), (("x" * 17, "no"), 0), (("a", "a"), 1)])
def test_labels_that_cannot_be_told_apart_or_scored_are_refused(tiny_core, texts, place):
    with pytest.raises(LabelUnusable) as refused:
        labels_of(tiny_core, texts)
    assert refused.value.place == place


def seats_of(rows, **changes):
    names = ("rome", "python")
    relevances = (0.8, 0.4)
    return [
        Seat(name, row.adapter, row.prompt_ids, relevance, 1.0, 4.0, **changes)
        for name, row, relevance in zip(names, rows[1:], relevances, strict=True)
    ]


def classify(core, rows, labels, *, allowance=None, seats=None, mode="open", temperature=0.0, **more):
    generation = generate(
        core=core, core_prompt_ids=rows[0].prompt_ids, seats=seats or seats_of(rows),
        allowance=allowance or Unlimited(), max_tokens=1, mode=mode, temperature=temperature, labels=labels,
        sets=[["rome", "python"]] if mode == "open" else [], likeliest=len(labels.texts), **more,
    )  # fmt: skip
    steps = list(generation)
    assert len(steps) == 1
    return steps[0], generation.transcript


def law(scores, weights):
    """The open rule over labels, written out in float64 with nothing of ours."""
    total = CORE_WEIGHT + sum(weights)
    lean = sum(
        weight * (own - scores[0]) for weight, own in zip(weights, scores[1:], strict=True)
    ) / total if weights else torch.zeros_like(scores[0])  # fmt: skip
    return torch.softmax(scores[0] + lean, 0)


def renyi(p, q):
    return float(torch.log((p**ALPHA * q ** (1 - ALPHA)).sum())) / (ALPHA - 1)


def test_law_and_attribution_are_those_of_reruns_that_leave_each_source_out(tiny_core, rows):
    labels = labels_of(tiny_core, TEXTS)
    scores = torch.tensor(
        [[alone(tiny_core, row, labels, place) for place in range(len(TEXTS))] for row in rows]
    ).double()
    step, _ = classify(tiny_core, rows, labels)
    whole = law(scores, [0.8, 0.4])
    told = dict(step.likeliest)
    assert [math.exp(told[place]) for place in range(len(TEXTS))] == pytest.approx(whole.tolist(), abs=2e-4)
    assert step.text_delta == TEXTS[int(whole.argmax())]
    without = {"rome": law(scores[[0, 2]], [0.4]), "python": law(scores[[0, 1]], [0.8])}
    for seat in step.seats:
        rerun = without[seat.label]
        assert seat.forward == pytest.approx(renyi(whole, rerun), rel=5e-3, abs=1e-6)
        assert seat.reverse == pytest.approx(renyi(rerun, whole), rel=5e-3, abs=1e-6)
        assert seat.symmetric == max(seat.forward, seat.reverse)
    core_alone = law(scores[:1], [])
    together = max(renyi(whole, core_alone), renyi(core_alone, whole))
    assert step.set_nats == pytest.approx([together], rel=5e-3)


def test_a_cap_holds_and_the_law_that_is_shown_of_a_source_shrinks_with_it(tiny_core, rows):
    labels = labels_of(tiny_core, TEXTS)
    free, _ = classify(tiny_core, rows, labels)
    cap = min(seat.symmetric for seat in free.seats) / 4
    capped, _ = classify(tiny_core, rows, labels, allowance=Unlimited(cap))
    assert all(0 < seat.symmetric <= cap for seat in capped.seats)
    (_, core), *_ = free.laws

    def distance(one):
        return sum(abs(a - b) for a, b in zip(one, core, strict=True))

    assert dict(capped.laws).keys() == {None, "rome", "python"}
    for name in ("rome", "python"):
        assert distance(dict(capped.laws)[name]) < distance(dict(free.laws)[name])


def test_with_its_full_right_the_law_of_a_source_is_its_own(tiny_core, rows):
    labels = labels_of(tiny_core, TEXTS)
    step, _ = classify(tiny_core, rows, labels)
    own = torch.softmax(
        torch.tensor([alone(tiny_core, rows[1], labels, place) for place in range(4)]).double(), 0
    )
    assert dict(step.laws)["rome"] == pytest.approx(own.tolist(), abs=2e-4)


def test_a_classification_is_replayed_from_its_transcript_bit_for_bit(tiny_core, rows, adapters):
    step, transcript = classify(tiny_core, rows, labels_of(tiny_core, TEXTS))
    kept = Transcript.from_json(transcript.to_json())
    assert kept == transcript
    (again,) = replay(core=tiny_core, adapters=adapters, transcript=kept)
    assert list(again.symmetric.values()) == [seat.symmetric for seat in step.seats]


def test_a_private_classification_charges_one_draw_and_shows_nothing_but_the_label(tiny_core, rows):
    eta = 0.3
    allowance = Unlimited()
    step, _ = classify(
        tiny_core, rows, labels_of(tiny_core, TEXTS), seats=seats_of(rows, eta=eta), allowance=allowance,
        mode="private", temperature=1.0,
    )  # fmt: skip
    assert step.text_delta in TEXTS
    assert (step.laws, step.likeliest, step.log_probability, step.set_nats) == ((), (), None, ())
    charge = private_charge_nats(alpha=ALPHA, eta=eta)
    assert allowance.spent == {"rome": charge, "python": charge}
    assert all(seat.symmetric == 0 and seat.charge_nats == charge for seat in step.seats)
