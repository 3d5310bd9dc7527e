"""State folders: who runs them, what is kept in them, and which one a command uses."""

from pathlib import Path

import pytest

from telareview.demo.area import Area, AreaError, choose_area, secret_key, state_folder


@pytest.fixture(autouse=True)
def _no_tela(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELA_API_KEY", raising=False)
    monkeypatch.delenv("TELA_API_URL", raising=False)


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = secret_key(tmp_path)
    second = secret_key(tmp_path)

    assert first == second
    assert len(first) >= 50
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_a_second_start_says_where_the_first_one_is(tmp_path: Path) -> None:
    first = Area("demo", tmp_path)
    first.claim()
    first.announce("Open http://127.0.0.1:8000/")

    with pytest.raises(AreaError, match=r"runs already\. Open http://127\.0\.0\.1:8000/"):
        Area("demo", tmp_path).claim()
    first.release()


def test_an_area_is_free_again_when_it_was_let_go(tmp_path: Path) -> None:
    first = Area("demo", tmp_path)
    first.claim()
    first.release()

    second = Area("demo", tmp_path)
    second.claim()
    second.release()


def test_a_world_keeps_its_size_its_key_and_its_password(tmp_path: Path) -> None:
    area = Area("demo", tmp_path)

    first = area.begin_world(4000)
    again = area.begin_world(4001)

    assert (again.tasks, again.key, again.password) == (first.tasks, first.key, first.password)
    assert again.port == 4001
    assert area.world() == again


@pytest.mark.parametrize(
    ("variable", "existing", "chosen"),
    [
        (None, [], "demo"),
        (None, ["demo"], "demo"),
        (None, ["demo", "serve"], "demo"),
        (None, ["serve"], "serve"),
        ("TELA_API_KEY", ["demo"], "serve"),
        ("TELA_API_URL", ["demo"], "serve"),
    ],
)
def test_a_command_uses_the_real_workspace_where_tela_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str | None, existing: list[str], chosen: str
) -> None:
    for name in existing:
        (tmp_path / name).mkdir()
    if variable:
        monkeypatch.setenv(variable, "something")

    assert choose_area(tmp_path, supervised=None).name == chosen


def test_the_demo_stays_in_its_own_folder_whatever_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TELA_API_KEY", "something")

    assert choose_area(tmp_path, supervised="demo").folder == tmp_path / "demo"


def test_a_state_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TELAREVIEW_VAR", str(tmp_path / "file" / "var"))

    with pytest.raises(AreaError, match="Set TELAREVIEW_VAR"):
        state_folder()
