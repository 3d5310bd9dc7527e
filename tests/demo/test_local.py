"""What `manage.py` does before Django: which commands get a database, and what is said where it cannot work."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from telareview.demo.area import BASE_DIR
from tests.ledger.app_role import app_url


def manage(tmp_path: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, BASE_DIR / "manage.py", *words],
        env={"PATH": os.environ["PATH"], "TELAREVIEW_VAR": str(tmp_path / "var"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("module", ["local", "postgres", "area", "supervisor", "gunicorn", "browser"])
def test_what_runs_before_the_settings_imports_no_django(module: str) -> None:
    code = f"import sys, telareview.demo.{module}; print([name for name in sys.modules if name.startswith('django')])"

    done = subprocess.run([sys.executable, "-c", code], cwd=BASE_DIR, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_command_that_needs_no_database_starts_none(tmp_path: Path) -> None:
    done = manage(tmp_path, "version")

    assert done.returncode == 0
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret-key"]


def test_help_of_any_command_starts_no_database(tmp_path: Path) -> None:
    done = manage(tmp_path, "migrate", "--help")

    assert done.returncode == 0
    assert not (tmp_path / "var" / "demo").exists()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL must begin with postgres://"),
        ("DATABASE_URL", "postgres://me:secret-word@127.0.0.1:9/x", "The database does not answer"),
        ("DEBUG", "perhaps", "DEBUG is 'perhaps'"),
        ("TELA_API_URL", "tela", "TELA_API_URL is 'tela'"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, variable: str, value: str, sentence: str) -> None:
    done = manage(tmp_path, "add_person", "a@b.example", "--role", "viewer", **{variable: value})

    assert done.returncode != 0
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stderr


def test_a_given_database_without_its_tables_is_never_migrated_unasked(tmp_path: Path, db: None) -> None:
    settings = connection.settings_dict
    address = f"{settings['HOST']}:{settings['PORT']}"
    # Every server has this database; telareview's tables are not in it.
    url = f"postgres://{settings['USER']}:{settings['PASSWORD']}@{address}/postgres?sslmode=disable"

    done = manage(tmp_path, "add_person", "a@b.example", "--role", "viewer", DATABASE_URL=url)

    assert done.returncode == 2
    assert "Run `./run manage migrate` first." in done.stderr
    assert not (tmp_path / "var" / "demo").exists()


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_role_that_does_not_own_the_tables_is_told_who_may_migrate(tmp_path: Path, db: None, command: str) -> None:
    url = urlsplit(app_url())._replace(path="/postgres").geturl()

    done = manage(tmp_path, command, DATABASE_URL=url)

    assert done.returncode == 1
    assert "with DATABASE_OWNER_URL" in done.stderr
    assert "Traceback" not in done.stderr
