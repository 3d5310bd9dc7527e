"""The plan of the house: sizes, settings, requirements and the README agree with the code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "telareview"
MOST_MODULE_LINES = 300
MOST_VIEW_LINES = 25

#: Path of a module → why it may be longer.
LONG_MODULES: dict[str, str] = {
    "telareview/ledger/verifier.py": "one file that is handed to strangers and runs alone",
}
#: `path::function` → why it may be longer.
LONG_VIEWS: dict[str, str] = {}

NOT_OURS = re.compile(
    r"\.(?!ci$|gitignore$|python-version$).*|var|__pycache__|.*\.egg-info|staticfiles|test-results|uv\.lock"
)

README = (ROOT / "README.md").read_text()


@cache
def files() -> list[Path]:
    """Of the project itself: without environments, caches and state."""
    found = []
    for folder, folders, names in ROOT.walk():
        folders[:] = [name for name in folders if not NOT_OURS.fullmatch(name)]
        found += [folder / name for name in names if not NOT_OURS.fullmatch(name)]
    return sorted(found)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules() -> list[Path]:
    return [
        path
        for path in files()
        if path.suffix == ".py" and path.is_relative_to(PRODUCT) and "migrations" not in path.parts
    ]


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))


def test_no_module_is_longer_than_a_person_reads_at_once() -> None:
    long = {named(path) for path in modules() if len(path.read_text().splitlines()) > MOST_MODULE_LINES}

    assert long == set(LONG_MODULES)


def test_every_view_fits_on_one_hand() -> None:
    long = {
        f"{named(path)}::{view.name}"
        for path in modules()
        if path.name == "views.py" or "views" in path.parts
        for view in functions(path)
        if view.args.args
        and view.args.args[0].arg == "request"
        and (view.end_lineno or 0) - view.lineno + 1 > MOST_VIEW_LINES
    }

    assert long == set(LONG_VIEWS)


def test_no_room_is_called_after_nothing() -> None:
    nothing = {"utils", "util", "helpers", "common", "services", "managers", "misc"}

    assert [named(path) for path in modules() if nothing & {*path.parts, path.stem}] == []


def environment_variables() -> set[str]:
    """Names read through telareview.env, or from os.environ anywhere in the product."""
    found = set()
    for path in modules():
        text = path.read_text()
        found |= set(re.findall(r"""environ(?:\.get\(|\[)\s*"([A-Z_]+)["]""", text))
        if path.name == "settings.py":
            found |= set(re.findall(r"""env\.\w+\(\s*"([A-Z_]+)["]""", text))
    return found - NOT_SETTINGS


#: Set by tools for us, or by us for tools.
NOT_SETTINGS = {
    "CI",
    "TMPDIR",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
    "PYTEST_DEBUG_TEMPROOT",
}


@pytest.mark.parametrize("variable", sorted(environment_variables()))
def test_every_setting_stands_in_the_readme(variable: str) -> None:
    assert f"`{variable}`" in README


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    script = (ROOT / "run").read_text()
    table = set(re.findall(r"^\| `([A-Z_]+)`", README, flags=re.MULTILINE))

    assert {variable for variable in table - environment_variables() if variable not in script} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_requirements_are_pinned_and_hashed_and_name_no_address(path: Path) -> None:
    text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    requirements = re.split(r"\n(?=\S)", text.strip())

    assert [line for line in requirements if not re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line)] == []
    assert [line for line in requirements if "--hash=sha256:" not in line] == []
    assert "//" not in text
    assert "--index" not in text


def test_what_runs_is_part_of_what_develops() -> None:
    pins = {
        name: set(re.findall(r"^\S+==\S+", (ROOT / f"requirements/{name}.txt").read_text(), re.M))
        for name in ("run", "dev")
    }

    assert pins["run"] <= pins["dev"]


def test_no_file_names_a_place_on_one_persons_machine() -> None:
    place = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work)/")
    texts = [path for path in files() if path.suffix not in {".woff2", ".png", ".ico", ".mo", ".gz"}]

    assert [named(path) for path in texts if place.search(path.read_text(errors="replace"))] == []


def test_the_commands_of_the_readme_exist() -> None:
    usage = (ROOT / "run").read_text()
    commands = set(re.findall(r"\./run (\w+)", README))

    assert {"demo", "test"} <= commands
    assert {
        command for command in commands if not re.search(rf"^[a-z| ]*\b{command}\b[a-z| ]*\)", usage, re.M)
    } == set()


def test_the_management_commands_of_the_readme_exist() -> None:
    from django.core.management import get_commands

    commands = set(re.findall(r"\./run manage ([a-z_]+)", README))

    assert commands
    assert commands <= {*get_commands(), "help"}


def test_the_build_server_runs_the_readmes_test_command() -> None:
    assert re.search(r'^exec .*run" test$', (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert "./run test" in README
