"""`make audit`: is a vulnerability known of anything that requirements.lock names?

pip-audit says "no known vulnerabilities" too where the database knew none of the packages, as
behind a package mirror: that is no answer. A vulnerability is let through in pyproject.toml, by its
ID and with a reason: `[tool.audit.ignored]`.

Exit code 0: none is known, or nobody could be asked (it says which); 1: one is known.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
SECONDS_MAX = 120
PIP_AUDIT = ("-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off")


def main() -> int:
    """Ask the database and tell what it says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    sentences, is_known = judged(_report(), project["tool"]["audit"]["ignored"])
    sys.stdout.write("\n".join(sentences) + "\n")
    return int(is_known)


def judged(report: Mapping[str, Any] | None, ignored: Mapping[str, str]) -> tuple[list[str], bool]:
    """Give the sentences about pip-audit's report, and whether one tells of a vulnerability."""
    asked = [] if report is None else report["dependencies"]
    known = [one for one in asked if "skip_reason" not in one]
    if not known:
        return [f"The database of vulnerabilities cannot be asked. {_age()}"], False
    sentences, is_known = [], False
    for package in known:
        for found in package["vulns"]:
            reason = next((ignored[one] for one in _names(found) if one in ignored), None)
            is_known |= reason is None
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            said = f"let through: {reason}" if reason else f"fixed in {fixed}"
            sentences.append(f"{package['name']} {package['version']}: {found['id']}, {said}")
    unknown = len(asked) - len(known)
    sentences.append(f"{len(known)} packages of the lock were asked for, {unknown} are not known.")
    return sentences, is_known


def _names(found: Mapping[str, Any]) -> list[str]:
    return [found["id"], *found.get("aliases", [])]


def _report() -> Mapping[str, Any] | None:
    """Run pip-audit; None if it has no report, as when it cannot reach its database."""
    command = [sys.executable, *PIP_AUDIT, "--format", "json", "-r", str(LOCK)]
    try:
        ended = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=SECONDS_MAX
        )
        report: Mapping[str, Any] = json.loads(ended.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return report


def _age() -> str:
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%cs", "--", LOCK.name]
    made = subprocess.run(git, check=False, capture_output=True, text=True).stdout.strip()
    return f"Nothing is known about the lock, made on {made or 'an unknown day'}."


if __name__ == "__main__":
    sys.exit(main())
