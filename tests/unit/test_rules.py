"""Rules of the code that neither the linter nor the types say: words, SQL, settings."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.paths import PROJECT

PACKAGES = ("nightshift", "deployments", "flows", "subflows", "tasks", "utils")
FILES = sorted(path for name in PACKAGES for path in (PROJECT / name).rglob("*.py"))

# Words that nobody but their author understood, and those that took their place.
RETIRED = {
    "holder": "worker",
    "holders": "workers",
    "holding": "run_session",
    "hand_out": "dispatch",
    "handed_out": "dispatched",
    "handout": "dispatch",
    "Kept": "CachedResult",
    "Known": "StepResults",
    "working_as": "claim_owner",
    "acting": "context",
    "put_off": "deferred",
    "leave_over": "postpone",
    "stand_as_before": "restore_status",
    "standing": "status, queue",
    "watchman": "watchdog",
    "reaper": "watchdog",
    "sweep": "recover",
    "swept": "recovered",
    "mend": "repair",
    "mended": "repaired",
    "mending": "repair",
    "bury": "end",
    "buried": "ended",
    "lent": "checked_out",
    "gate": "admission, verdict",
    "likeness": "fingerprint",
    "outlook": "preview",
}

# Who besides utils/db may build statements: Prefect's own database is none of ours.
STATEMENTS = {"tasks/retention.py", "tasks/database.py"}
# The edges: those who read the settings; everybody else is given them.
EDGES = {
    "deployments/chroma_server.py",  # a program of its own
    *("tasks/database.py", "tasks/lanes.py", "utils/config.py", "utils/db/session.py"),
    *("utils/media/tools.py", "utils/storage/scratch.py", "utils/visuals/font_choice.py"),
}


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every node of the product's code, with the file that it stands in."""
    return [
        (name_of(path), node)
        for path in FILES
        if "versions" not in path.parts  # migrations tell of what was
        for node in ast.walk(ast.parse(path.read_text()))
    ]


def identifiers(node: ast.AST) -> Iterator[str]:
    """The names that a node defines or uses."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, (ast.arg, ast.keyword)) and node.arg:
        yield node.arg
    elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.alias):
        yield from (*node.name.split("."), *([node.asname] if node.asname else []))


def test_no_retired_word_is_an_identifier() -> None:
    found = {
        f"{file}: {name} (better: {RETIRED[word]})"
        for file, node in nodes()
        for name in identifiers(node)
        if (word := name.lstrip("_") if name.islower() else name) in RETIRED
    }
    found |= {
        f"{name_of(path)} (better: {RETIRED[path.stem]})" for path in FILES if path.stem in RETIRED
    }
    assert not found, "\n".join(sorted(found))


def test_only_the_database_builds_statements() -> None:
    """Others take a session along; what they want to know has a name in utils/db."""
    for file, node in nodes():
        if file.startswith("utils/db/") or file in STATEMENTS:
            continue
        if isinstance(node, ast.Import):
            assert not [a for a in node.names if a.name.split(".")[0] == "sqlalchemy"], file
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            wanted = (node.module, [alias.name for alias in node.names])
            assert wanted == ("sqlalchemy.orm", ["Session"]), f"{file} imports {wanted}"


def test_only_the_edges_read_the_settings() -> None:
    for file, node in nodes():
        if file.startswith("nightshift/") or file in EDGES:
            continue
        assert "load_settings" not in identifiers(node), file
