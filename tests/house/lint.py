"""The checks that `./run lint` and `./run test` make: one short line each, and the whole output of those that fail."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from telareview.demo import postgres

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
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
}

#: A production's settings.
PRODUCTION = {
    "SECRET_KEY": "for-checks-only-" + "0123456789abcdef" * 4,
    "ALLOWED_HOSTS": "review.example",
    "DEBUG": "0",
}


def main() -> int:
    # Django's checks ask the server for its version; bandit's plugin loader keeps a cache.
    server = postgres.start(ROOT / "var" / "lint", durable=False)
    try:
        own = {"DATABASE_URL": server.url(), "XDG_CACHE_HOME": str(ROOT / "var" / "cache"), "NO_COLOR": "1"}
        return 1 if failures({**os.environ, **PRODUCTION, **own}) else 0
    finally:
        server.leave(waiting=lambda: None)


def failures(environment: dict[str, str]) -> int:
    """Makes all checks and says how each went; how many failed."""

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
    return failed


if __name__ == "__main__":
    sys.exit(main())
