"""The offline check finds whatever is altered in a file or its manifest; what it cannot read is not verified."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from telareview.exports.manifest import manifest_text
from telareview.exports.profiles import PROFILES
from telareview.ledger import verifier
from tests.exports.files import make
from tests.tasks.records import mirrored, task_json
from tests.tasks.variety import TASKS, variety

pytestmark = pytest.mark.django_db

PROFILE_NAMES = sorted(PROFILES)


@pytest.fixture
def exported(acme, tmp_path):
    """A function that makes a file and its manifest of a profile."""
    mirrored(acme, *variety(), task_json(77, name='a "quoted"\r\nname, with\nlines'))

    def export(profile: str) -> tuple[Path, Path]:
        spooled = make(acme, tmp_path, "", profile)
        manifest = tmp_path / f"{spooled.path.name}.manifest.json"
        manifest.write_text(manifest_text(spooled.manifest), "utf-8")
        return spooled.path, manifest

    return export


def verdict(file: Path, manifest: Path, capsys) -> tuple[int, str]:
    capsys.readouterr()
    code = verifier.main(["export", str(file), str(manifest)])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_an_untouched_file_is_verified(exported, profile, capsys):
    code, said = verdict(*exported(profile), capsys)

    assert (code, said.splitlines()[-1]) == (0, "VERIFIED.")
    assert f"{TASKS + 1} tasks" in said


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_any_altered_byte_is_found(exported, profile, capsys):
    file, manifest = exported(profile)
    octets = file.read_bytes()
    draw = random.Random(7)

    for place in [0, len(octets) - 1, *(draw.randrange(len(octets)) for _ in range(40))]:
        file.write_bytes(octets[:place] + bytes([octets[place] ^ 1 << draw.randrange(8)]) + octets[place + 1 :])
        code, said = verdict(file, manifest, capsys)
        assert code == 1
        assert "SHA-256" in said


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_file_that_was_cut_is_found(exported, profile, capsys):
    file, manifest = exported(profile)
    octets = file.read_bytes()

    for length in [0, 1, len(octets) // 2, len(octets) - 1]:
        file.write_bytes(octets[:length])
        code, said = verdict(file, manifest, capsys)
        assert code == 1
        assert "bytes" in said
        assert said.splitlines()[-1].startswith("NOT VERIFIED")


@pytest.mark.parametrize("profile", ["machine", "ndjson"])
def test_a_missing_row_is_found_even_where_the_checksum_was_put_right(exported, profile, capsys):
    file, manifest = exported(profile)
    lines = file.read_bytes().split(b"\n")
    # A line that is a whole record by itself.
    whole = next(n for n, line in enumerate(lines[:-1]) if line.startswith(b"{") or (n and b'"' not in line))
    file.write_bytes(b"\n".join(lines[:whole] + lines[whole + 1 :]))
    told = json.loads(manifest.read_text())
    told["file"] |= {"bytes": file.stat().st_size, "sha256": verifier.hashlib.sha256(file.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(told))

    code, said = verdict(file, manifest, capsys)

    assert code == 1
    assert f"the file has {TASKS} rows, {TASKS + 1} were written" in said


def test_the_manifest_of_another_file_is_found(acme, exported, tmp_path, capsys):
    file, _manifest = exported("machine")
    (tmp_path / "other").mkdir()
    other = make(acme, tmp_path / "other", "status=completed")
    manifest = tmp_path / "other.json"
    manifest.write_text(manifest_text(other.manifest))

    assert verdict(file, manifest, capsys)[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"manifest": "something else"},
        {"profile": "unheard"},
        {"profile": None},
        {"columns": [{"name": "id"}]},
        {"columns": None},
        {"file": {}},
        {"file": None},
        {"file": {"rows": True, "bytes": 1, "sha256": "00" * 32}},
    ],
)
def test_a_manifest_that_is_altered_or_not_understood_verifies_nothing(exported, change, capsys):
    file, manifest = exported("machine")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))

    code, said = verdict(file, manifest, capsys)

    assert code == 1
    assert "NOT VERIFIED" in said


@pytest.mark.parametrize("octets", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_manifest_verifies_nothing(exported, octets, capsys):
    file, manifest = exported("machine")
    manifest.write_bytes(octets)

    assert verdict(file, manifest, capsys)[0] == 1


def test_a_file_that_is_not_there_verifies_nothing(exported, tmp_path, capsys):
    _file, manifest = exported("machine")

    assert verdict(tmp_path / "nowhere.csv", manifest, capsys)[0] == 1


def test_it_runs_by_itself_far_from_the_product(exported, tmp_path):
    """Copied elsewhere, without the product's packages on the path."""
    file, manifest = exported("parquet")
    alone = tmp_path / "alone"
    alone.mkdir()
    copy = alone / "verifier.py"
    copy.write_text(Path(verifier.__file__).read_text())

    words = [sys.executable, "-I", "-S", str(copy), "export", str(file), str(manifest)]
    done = subprocess.run(words, cwd=alone, capture_output=True, text=True)

    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, "VERIFIED.", "")


def test_wrong_use_ends_with_2():
    with pytest.raises(SystemExit) as caught:
        verifier.main(["export", "one"])

    assert caught.value.code == 2
