"""Reads the code and tells which functions write rows, which begin a transaction, and what each one reaches.

By syntax alone: calls by name, through imported names and through imported modules. Enough to say that a
transaction which writes has an audit row somewhere on its way.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounting", "marketplace", "inference", "workers")
WRITING = {"create", "bulk_create", "update", "bulk_update", "delete", "update_or_create", "get_or_create"}
ROWS = ("objects", "_held(", "_default_manager")  # what a query set is reached by
RECORD = "accounting.audit.record"


@dataclass
class Function:
    """`name` is module and function; `calls` are names of the same kind."""

    name: str
    calls: set[str] = field(default_factory=set)
    writes: bool = False
    transaction: bool = False


@cache
def functions() -> dict[str, Function]:
    found: dict[str, Function] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" in parts:
                continue
            found |= {one.name: one for one in _of_module(".".join(parts), ast.parse(path.read_text()))}
    return found


@cache
def reached_from(name: str) -> frozenset[str]:
    """The function itself and everything that it may call."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += functions()[one].calls if one in functions() else ()
    return frozenset(seen)


def writers() -> set[str]:
    return {name for name, one in functions().items() if one.writes}


def transactions() -> set[str]:
    return {name for name, one in functions().items() if one.transaction}


def _of_module(module: str, tree: ast.Module) -> Iterator[Function]:
    imported = _imported(tree)
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    nodes += [
        part
        for outer in tree.body
        if isinstance(outer, ast.ClassDef)
        for part in outer.body
        if isinstance(part, ast.FunctionDef)
    ]
    for node in nodes:
        yield Function(
            name=f"{module}.{node.name}",
            calls=set(_calls(node, module, own, imported)),
            writes=any(_is_write(part) for part in ast.walk(node)),
            transaction=_has_transaction(node),
        )


def _imported(tree: ast.Module) -> dict[str, str]:
    """What a name in this module stands for elsewhere."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _calls(node: ast.FunctionDef, module: str, own: set[str], imported: dict[str, str]) -> Iterator[str]:
    """Functions that are named count as called: they may be handed on."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            if part.id in own:
                yield f"{module}.{part.id}"
            elif part.id in imported:
                yield imported[part.id]
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            yield f"{imported.get(part.value.id, module)}.{part.attr}"


def _is_write(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    of = ast.unparse(node.func.value)
    if node.func.attr == "save":
        return of not in {"self.remote", "form", "super()"}
    return node.func.attr in WRITING and any(word in of for word in ROWS)


def _has_transaction(node: ast.FunctionDef) -> bool:
    marks = {"durable_write", "joining_write"}
    decorated = any(isinstance(mark, ast.Name) and mark.id in marks for mark in node.decorator_list)
    return decorated or any("transaction.atomic" in ast.unparse(part) for part in node.body)
