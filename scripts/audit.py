"""Looks every locked version up in a database of known holes, by pip-audit; installs nothing.

Exit codes: 0 no hole is known, or no database could be reached (and it says so); 1 there is one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCKS = Path(__file__).resolve().parent.parent / "requirements"
PROBE = LOCKS / "build.lock"
# PyPI's own, then the one that it takes from.
DATABASES = ("pypi", "osv")
# Holes that are known and do not concern us: number → why. It is printed each time.
ACCEPTED: dict[str, str] = {}


def main() -> None:
    """Ask the first database that answers, and judge."""
    for database in DATABASES:
        if any("skip_reason" not in found for found in ask(database, [PROBE])):
            sys.exit(judge(database, ask(database, locks())))
        print(f"{database}: not reachable from here", flush=True)
    print("NOT AUDITED: no database of known holes could be reached from here.")


def locks() -> list[Path]:
    """All lock files; the CPU build of torch is the same version under another name."""
    return sorted(path for path in LOCKS.glob("*.lock") if path.stem != "torch-cpu")


def ask(database: str, files: list[Path]) -> list[dict[str, Any]]:
    """What pip-audit says of each package: holes, or why it could not look it up.

    Nothing if the database can't be reached at all.
    """
    command = [
        *(sys.executable, "-m", "pip_audit", "--vulnerability-service", database),
        *("--format", "json", "--progress-spinner", "off", "--require-hashes", "--disable-pip"),
        *(part for file in files for part in ("--requirement", str(file))),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []
    return found


def judge(database: str, found: list[dict[str, Any]]) -> int:
    """Print what was found; returns the exit code."""
    holes = [(one, hole) for one in found for hole in one.get("vulns", ())]
    for one, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        why = ACCEPTED.get(hole["id"])
        print(f"{one['name']} {one['version']}: {hole['id']}, mended in {mended}"
              + (f" (accepted: {why})" if why else ""))  # fmt: skip
    unknown = [one["name"] for one in found if "skip_reason" in one]
    if unknown:
        print(f"{database} does not know {', '.join(unknown)}")
    print(f"{database}: {len(found) - len(unknown)} of {len(found)} versions looked up, "
          f"{len(holes)} holes")  # fmt: skip
    return int(not found or any(hole["id"] not in ACCEPTED for _, hole in holes))


if __name__ == "__main__":
    main()
