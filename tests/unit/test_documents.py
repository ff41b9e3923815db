"""What documents say of the code is there: the map is complete, what is named exists."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.paths import PROJECT
from utils.models import steps

GUIDES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(PROJECT.glob("docs/**/*.md"))]
MAP = (PROJECT / "docs" / "architecture.md").read_text()
PACKAGES = ("nightshift", "deployments", "flows", "subflows", "tasks", "utils")
FOLDERS = (*PACKAGES, "tests", "benchmarks", "scripts", "docs", "samples", "kubernetes")
# Where the map stands while it names things: it leaves the beginning out.
WITHIN = ("", "utils.", "subflows.")
# Names in back-ticks that look like ours and are not there: any room, the changes' history.
ALLOWED = {"utils/ROOM"}

_PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*[\w/]")
_DOTTED = re.compile(r"`([a-z_]+(?:\.\w+)+)(?:\(\))?`")
_NEW_FILE = re.compile(r"New file\s+`(\S+)`")


def parts_of(folder: Path) -> Iterator[str]:
    """The modules and packages that lie directly in a package."""
    for path in folder.iterdir():
        if path.suffix == ".py" and not path.stem.startswith("__"):
            yield path.stem
        elif path.is_dir() and any(path.glob("*.py")):
            yield path.name


def row_of(name: str) -> str:
    """The map's rows that begin with a name, or that name nothing further: those of one package."""
    found = re.search(rf"^\| `{name}` \|.*\n(?:\|  ?\|.*\n)*", MAP, re.M)
    return found[0] if found else ""


def rooms() -> list[str]:
    return [name for name in parts_of(PROJECT / "utils") if (PROJECT / "utils" / name).is_dir()]


@pytest.mark.parametrize("room", rooms())
def test_every_room_of_utils_is_on_the_map(room: str) -> None:
    assert row_of(room), f"docs/architecture.md has no row for utils/{room}"


def test_every_room_of_media_is_on_the_map() -> None:
    for name in parts_of(PROJECT / "utils" / "media"):
        if (PROJECT / "utils" / "media" / name).is_dir():
            assert f"`{name}`" in row_of("media"), f"docs/architecture.md lacks utils/media/{name}"


@pytest.mark.parametrize("package", PACKAGES[:-1])
def test_every_module_of_a_package_is_on_the_map(package: str) -> None:
    for name in parts_of(PROJECT / package):
        assert f"`{name}`" in row_of(package), f"docs/architecture.md lacks {package}/{name}"


def test_what_lies_at_the_root_of_utils_is_on_the_map() -> None:
    for name in parts_of(PROJECT / "utils"):
        assert f"`{name}`" in MAP, f"docs/architecture.md lacks utils/{name}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_file_that_a_document_names_is_there(guide: Path) -> None:
    text = guide.read_text()
    for name in set(_PATH.findall(text)) - set(_NEW_FILE.findall(text)) - ALLOWED:
        assert (PROJECT / name).exists(), f"{guide.name} names {name}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", guide.read_text()):
        assert (guide.parent / target).exists(), f"{guide.name} links to {target}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_module_and_function_that_a_document_names_is_there(guide: Path) -> None:
    for name in set(_DOTTED.findall(guide.read_text())):
        if is_ours(name):
            assert any(is_there(f"{prefix}{name}") for prefix in WITHIN), (
                f"{guide.name} names {name}"
            )


def is_ours(name: str) -> bool:
    """True if a dotted name begins with a package, a room of utils, or a group of steps.

    `rules.yaml` is a file of a person's.
    """
    first, *_, last = name.split(".")
    return last != "yaml" and first in {
        *PACKAGES,
        *parts_of(PROJECT / "utils"),
        *parts_of(PROJECT / "subflows"),
    }


def is_there(name: str) -> bool:
    """True if a dotted name is a module, or something that a module defines or a class has."""
    found, rest = PROJECT, name.split(".")
    while rest and (found / rest[0]).is_dir():
        found = found / rest.pop(0)
    if not rest:
        return True
    module = found / f"{rest[0]}.py"
    if module.exists():
        return ".".join(rest[1:]) in {"", *defined_in(module)}
    return (found / "__init__.py").exists() and ".".join(rest) in defined_in(found / "__init__.py")


@cache
def defined_in(module: Path) -> frozenset[str]:
    """What a module defines: functions, classes and what they hold, constants."""
    return frozenset(_definitions(ast.parse(module.read_text()).body))


def _definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign):
            yield from (prefix + t.id for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield prefix + node.target.id


@pytest.mark.parametrize("step", steps.BY_NAME.values(), ids=lambda step: step.name)
def test_every_step_has_a_row_with_its_lane(step: steps.Step) -> None:
    row = f"| `{step.name}` | {step.lane} |"
    assert row in (PROJECT / "docs" / "steps.md").read_text(), f"docs/steps.md lacks: {row} … | … |"
