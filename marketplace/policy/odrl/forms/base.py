"""What every form can do, and how one constraint is checked and read: shared by the forms of this package."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from marketplace.policy.odrl.rules import Condition, Findings, Rules
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import Codec, Unfit, Value

Keys = tuple[str, ...]
Operand = str | Term  # one of ODRL's own, or one of the profile's


class Form(ABC):
    """`keys` are the keys of the plain form that it knows, `terms` those of the profile that it defines."""

    @property
    @abstractmethod
    def keys(self) -> frozenset[str]: ...

    @property
    def terms(self) -> tuple[Term, ...]:
        return ()

    @abstractmethod
    def write(self, plain: Mapping[str, Any], rules: Rules) -> None: ...

    @abstractmethod
    def read(self, rules: Rules, found: Findings) -> None: ...


def at(plain: Mapping[str, Any], keys: Keys) -> Any:
    """What stands there, or None where something on the way is absent."""
    value: Any = plain
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def short(operand: Operand) -> str:
    return operand.short if isinstance(operand, Term) else operand


def checked(
    one: Condition,
    operators: Mapping[str, Any] | tuple[str, ...],
    unit: Term | None,
    found: Findings,
    *,
    properties: tuple[str, ...] = (),
) -> bool:
    """Whether operator, unit and properties are those that belong to the operand."""
    before = len(found.problems)
    if one.operator not in operators:
        found.problem(
            f"{one.path}.operator", f"With '{one.left}' the operator is {' or '.join(operators)} here."
        )
    if one.unit != unit_of(unit):
        wanted = "no unit" if unit is None else f"the unit {unit.short}"
        found.problem(f"{one.path}.unit", f"'{one.left}' has {wanted} here.")
    for name, _ in one.properties:
        if name not in properties:
            found.problem(f"{one.path}.{name}", "This property is not known here.")
    return len(found.problems) == before


def single(one: Condition, codec: Codec, found: Findings) -> Any:
    if len(one.right) != 1:
        found.problem(f"{one.path}.rightOperand", f"'{one.left}' is compared with one value here.")
        return None
    return _read(one.right[0], codec, f"{one.path}.rightOperand", found)


def many(one: Condition, codec: Codec, found: Findings) -> list[Any]:
    path = f"{one.path}.rightOperand"
    if not one.right:
        found.problem(path, "This list is empty; leave the constraint out.")
    if len(one.right) == 1:
        read = [_read(one.right[0], codec, path, found)]
    else:
        read = [_read(value, codec, f"{path}[{place}]", found) for place, value in enumerate(one.right)]
    return [word for word in read if word is not None]


def _read(value: Value, codec: Codec, path: str, found: Findings) -> Any:
    try:
        return codec.read(value)
    except Unfit as error:
        found.problem(path, str(error))
        return None


def ours(*operands: Operand | None) -> tuple[Term, ...]:
    return tuple(one for one in operands if isinstance(one, Term))


def unit_of(unit: Term | None) -> str | None:
    return None if unit is None else unit.short
