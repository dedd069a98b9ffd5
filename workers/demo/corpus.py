"""Text that every installation has, as (name, text) documents: what the demo's owners register.

Docstrings are read with `ast` from the installed packages' source files: nothing is imported or run.
"""

import ast
import importlib.util
import inspect
from collections.abc import Iterator
from pathlib import Path

Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
SHORTEST_DOCSTRING = 120  # characters; shorter ones only repeat the name


def python_reference() -> list[tuple[str, str]]:
    """The Python language reference, a document a topic."""
    from pydoc_data.topics import topics

    return [(f"{name}.txt", text) for name, text in sorted(topics.items())]


def django_documentation() -> list[tuple[str, str]]:
    """Django's docstrings, a document a module."""
    return list(_docstrings("django", parts=("",)))


def pytorch_documentation() -> list[tuple[str, str]]:
    """PyTorch's docstrings on building and training networks, a document a module."""
    return list(_docstrings("torch", parts=("nn/modules", "optim")))


def scikit_learn_documentation() -> list[tuple[str, str]]:
    """scikit-learn's descriptions of its data sets and the docstrings around them."""
    folder = _folder_of("sklearn") / "datasets" / "descr"
    descriptions = [
        (path.stem + ".txt", path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.rst"))
    ]
    return descriptions + list(_docstrings("sklearn", parts=("datasets", "cluster")))


def text_files(folder: Path) -> list[tuple[str, bytes]]:
    """A user's own .txt and .md files below `folder`, as bytes: registration decides what is text."""
    paths = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in {".txt", ".md"} and path.is_file()
    )
    found = [("--".join(path.relative_to(folder).parts), path.read_bytes()) for path in paths]
    return [(name, content) for name, content in found if content.strip()]


def _folder_of(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise LookupError(f"The package {package} is not installed here.")
    return Path(found.submodule_search_locations[0])


def _docstrings(package: str, *, parts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    root = _folder_of(package)
    for part in parts:
        for path in sorted((root / part).rglob("*.py")):
            if {"test", "tests", "locale", "conf"} & set(path.relative_to(root).parts):
                continue
            module = ".".join((package, *path.relative_to(root).with_suffix("").parts)).removesuffix(
                ".__init__"
            )
            text = "\n\n\n".join(_documented(ast.parse(path.read_text(encoding="utf-8")), module))
            if text:
                yield f"{module}.txt", text


def _documented(node: Scope, name: str) -> Iterator[str]:
    docstring = ast.get_docstring(node, clean=True)
    if docstring and len(docstring) >= SHORTEST_DOCSTRING:
        yield f"{name}\n\n{inspect.cleandoc(docstring)}"
    for child in node.body:
        if isinstance(
            child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and not child.name.startswith("_"):
            yield from _documented(child, f"{name}.{child.name}")
