"""A policy as an ODRL offer and back: the plain form in, JSON-LD out, and the other way round.

Nothing that stands in a document is ignored: what no kind of clause takes is a problem with its JSON path,
and what the plain form has against a value is said at the place where the value stood.
"""

from collections.abc import Callable, Mapping
from typing import Any

from marketplace.policy import kinds
from marketplace.policy import plain as plain_form
from marketplace.policy.odrl import reading, writing
from marketplace.policy.odrl.rules import Findings, Rules
from marketplace.policy.odrl.terms import Place
from marketplace.policy.problems import PolicyInvalid, Problem


def exported(plain: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The offer that says what a valid plain form says."""
    rules = Rules()
    for kind in kinds.KINDS:
        for form in kind.forms:
            form.write(plain, rules)
    return writing.offer(rules, place)


def imported(
    document: object, place: Place, judge: Callable[[object], object] = plain_form.parse
) -> dict[str, Any]:
    """The plain form of an offer, or PolicyInvalid with every problem at its place in the document.

    `judge` reads the plain form, or says what is wrong with it.
    """
    found = Findings()
    rules = reading.rules_of(document, place, found)
    for kind in kinds.KINDS:
        for form in kind.forms:
            form.read(rules, found)
    _leftovers(rules, found)
    if not found.problems:
        _check(found, judge)
    if found.problems:
        raise PolicyInvalid(tuple(found.problems))
    return found.plain


def _leftovers(rules: Rules, found: Findings) -> None:
    for one in (*rules.conditions, *rules.prohibitions):
        found.problem(f"{one.path}.leftOperand", f"The operand '{one.left}' is not known here.")
    for duty in rules.duties:
        found.problem(f"{duty.path}.action", f"The duty '{duty.action}' is not known here.")


def _check(found: Findings, judge: Callable[[object], object]) -> None:
    """What the plain form refuses, at the place in the document that it came from."""
    try:
        judge(found.plain)
    except PolicyInvalid as error:
        found.problems.extend(
            Problem(found.origin(one.path), f"{one.sentence} In the plain form this is {one.path}.")
            for one in error.problems
        )
