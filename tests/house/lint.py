"""The checks that `./run lint` and `./run test` make: one short line each, and the whole output of those that fail."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
AT_ONCE = 2
TEMPLATES = ["templates"]

CHECKS: dict[str, list[str]] = {
    "mypy": [PYTHON, "-m", "mypy", "--no-error-summary"],
    "ruff check": [PYTHON, "-m", "ruff", "check", "--quiet"],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "--quiet"],
    "djlint format": [PYTHON, "-m", "djlint", "--check", "--quiet", *TEMPLATES],
    "djlint lint": [PYTHON, "-m", "djlint", "--lint", "--quiet", *TEMPLATES],
    "import slope": [PYTHON, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "deptry": [PYTHON, "-m", "deptry", "."],
    "bandit": [PYTHON, "-m", "bandit", "--quiet", "-r", "telareview", "-c", "pyproject.toml"],
    "deploy check": [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "migrations": [PYTHON, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"],
}

#: A production's settings; nothing listens at the database's address, and no check asks it.
PRODUCTION = {
    "SECRET_KEY": "for-checks-only-" + "0123456789abcdef" * 4,
    "DATABASE_URL": "postgres://telareview@127.0.0.1:9/telareview",
    "ALLOWED_HOSTS": "review.example",
    "DEBUG": "0",
}


def main() -> int:
    environment = {**os.environ, **PRODUCTION, "NO_COLOR": "1"}
    environment.pop("FORCE_COLOR", None)

    def run(name: str) -> tuple[str, float, subprocess.CompletedProcess[str]]:
        began = time.monotonic()
        done = subprocess.run(CHECKS[name], cwd=ROOT, env=environment, capture_output=True, text=True)
        return name, time.monotonic() - began, done

    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, seconds, done in pool.map(run, CHECKS):
            print(f"{name:14} {'ok' if done.returncode == 0 else 'FAILED':7} {seconds:4.1f} s", flush=True)
            if done.returncode != 0:
                failed += 1
                print((done.stdout + done.stderr).strip(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
