"""The size of files and functions, and how errors are handled: whether the house stays readable."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles

Row = tuple[str, str, str, str, str]
PROJECT = Path(__file__).parent.parent
PACKAGES = ("nightshift", "deployments", "flows", "subflows", "tasks", "utils")
# The parameters of a command and of a flow are their interface.
_INTERFACES = ("nightshift", "flows")
_BROAD = {"Exception", "BaseException"}


def rows() -> list[Row]:
    trees = {path: ast.parse(path.read_text()) for path in _files(*PACKAGES)}
    lengths = [size for path in trees if (size := _lines(path))]
    functions = [node for tree in trees.values() for node in _functions(tree)]
    bodies = [_body_lines(node) for node in functions]
    handlers = [n for tree in trees.values() for n in ast.walk(tree)
                if isinstance(n, ast.ExceptHandler)]  # fmt: skip
    broad = sum(map(_is_broad, handlers))
    wide = sum(
        _parameters(node) > 6
        for path, tree in trees.items()
        if path.relative_to(PROJECT).parts[0] not in _INTERFACES
        for node in _functions(tree)
    )
    tests = sum(map(_lines, _files("tests")))
    loose = len({path.name for path in (PROJECT / "utils").glob("*.py")} - {"__init__.py"})
    return [
        ("lines of a file: median, p90, most", _spread(lengths), f"{len(lengths)} files", "–",
         "≤ 100, ≤ 230, ≤ 350"),
        ("lines of a function's body: median, p90, most", _spread(bodies),
         f"{len(bodies)} functions", "–", "≤ 8, ≤ 25"),
        ("functions with more than 6 parameters", str(wide), "commands and flows aside", "–", "0"),
        ("handlers that catch everything", str(broad), f"{len(handlers)} handlers",
         f"{broad / len(handlers):.1%}", "≤ 5 %"),
        ("lines of tests", str(tests), f"{sum(lengths)} lines of code",
         f"{tests / sum(lengths):.2f}", "≥ 0.8"),
        ("modules in the root of utils", str(loose), "config, clock, errors", "–", "3"),
    ]  # fmt: skip


def _files(*packages: str) -> Iterator[Path]:
    for package in packages:
        for path in sorted((PROJECT / package).rglob("*.py")):
            if "versions" not in path.parts:  # a migration is written once
                yield path


def _lines(path: Path) -> int:
    return path.read_text().count("\n")


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines below the signature and the docstring."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return sum(one.arg not in {"self", "cls"} for one in given)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kind = handler.type
    return kind is None or (isinstance(kind, ast.Name) and kind.id in _BROAD)


def _spread(values: Sequence[int]) -> str:
    return f"{median(values):.0f}, {quantiles(values, n=10)[-1]:.0f}, {max(values)}"
