"""The stand-alone verifier: on its own, over good records and damaged ones. Unsure means not verified."""

import ast
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telareview.ledger.models import SigningKey
from telareview.ledger.notes import make_key, verifier_key
from telareview.ledger.record import VERIFIER
from telareview.ledger.sealing import seal
from tests.ledger.history import acme_history, as_owner
from tests.ledger.witness import notes_of, problems, record_of, run, verifier
from tests.tasks.records import mirrored, task_json

PRODUCT = VERIFIER.parents[1]


@pytest.fixture
def record(acme, tmp_path):
    acme_history(acme)
    seal()
    return record_of(acme, tmp_path / "record")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def events(record: Path) -> list[dict]:
    return [json.loads(line) for line in (record / "events.jsonl").read_bytes().splitlines()]


def write(record: Path, rows: list[dict]) -> None:
    (record / "events.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


# --- As a stranger runs it ---------------------------------------------------------------------------------


def test_it_says_so_when_all_agrees(record, acme, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text(notes_of(acme))
    key = SigningKey.objects.get()

    done = run("history", record, "--checkpoint", kept, "--key", verifier_key(key.name, bytes(key.public_key)))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "VERIFIED."
    assert "itself alone" not in done.stdout


def test_it_says_that_nothing_from_outside_was_given(record):
    done = run("history", record)

    assert done.returncode == 0
    assert "compared with itself alone" in done.stdout


def test_it_reads_a_zip_file(record, tmp_path):
    shutil.make_archive(str(tmp_path / "packed"), "zip", record)

    assert run("history", tmp_path / "packed.zip").returncode == 0


def test_the_copy_in_the_record_is_the_same_program(record):
    assert (record / "verifier.py").read_bytes() == VERIFIER.read_bytes()


def test_a_difference_is_told_with_its_place_and_exit_code_1(record):
    rows = events(record)
    rows[3]["closed"] = rows[3]["closed"].replace("INV", "INW")
    write(record, rows)

    done = run("history", record)

    assert done.returncode == 1
    assert "leaf 3: version" in done.stdout
    assert "NOT VERIFIED: 1 problem(s)." in done.stdout


@pytest.mark.parametrize("words", [[], ["history"], ["sing", "record"]])
def test_wrong_use_is_exit_code_2(words):
    assert run(*words).returncode == 2


def test_nothing_of_the_product_imports_it_and_it_imports_nothing_of_the_product():
    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(VERIFIER.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert {name.partition(".")[0] for name in names} - {"cryptography"} <= sys.stdlib_module_names
    assert [path for path in PRODUCT.rglob("*.py") if "ledger.verifier import" in path.read_text()] == []


# --- Damaged records ---------------------------------------------------------------------------------------

DAMAGES = {
    "cut in the middle of a line": lambda record: _bytes(record, "events.jsonl", lambda data: data[: len(data) // 2]),
    "without its last line's end": lambda record: _bytes(record, "events.jsonl", lambda data: data[:-1]),
    "a line taken out": lambda record: write(record, events(record)[:2] + events(record)[3:]),
    "the last line taken out": lambda record: write(record, events(record)[:-1]),
    "two lines exchanged": lambda record: write(record, [events(record)[each] for each in (1, 0, *range(2, 7))]),
    "no events": lambda record: write(record, []),
    "no checkpoints": lambda record: (record / "checkpoints.txt").write_text(""),
    "checkpoints that are something else": lambda record: (record / "checkpoints.txt").write_text("hello\n"),
    "checkpoints without signature": lambda record: _text(record, "checkpoints.txt", lambda text: text.split("—")[0]),
    "another root": lambda record: _text(record, "checkpoints.txt", _other_root),
    "no description": lambda record: (record / "record.json").unlink(),
    "a description of another form": lambda record: edit(record / "record.json", "record 1", "record 2"),
    "a description without keys": lambda record: edit(record / "record.json", '"keys"', '"locks"'),
    "another number of leaves": lambda record: edit(record / "record.json", '"leaves": ', '"leaves": 1'),
    "payloads left out unsaid": lambda record: write(record, [{**each, "payload": None} for each in events(record)]),
    "facts left out": lambda record: write(record, [{**each, "closed": None} for each in events(record)]),
    "salts left out": lambda record: write(record, [{**each, "salt": None} for each in events(record)]),
    "not text": lambda record: _bytes(record, "events.jsonl", lambda data: b"\xff\xfe" + data),
    "nested without end": lambda record: _bytes(record, "events.jsonl", lambda data: b"[" * 100_000 + b"\n" + data),
}


def _bytes(record, name, change):
    path = record / name
    path.write_bytes(change(path.read_bytes()))


def _text(record, name, change):
    path = record / name
    path.write_text(change(path.read_text()))


def _other_root(text: str) -> str:
    lines = text.split("\n")
    lines[2] = "A" * 43 + "="
    return "\n".join(lines)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_not_verified(record, damage):
    DAMAGES[damage](record)

    try:
        found = problems(record)
    except verifier.Damaged as error:
        found = [str(error)]

    assert found
    assert str(record) not in str(found)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_byte_of_the_events_can_be_changed_unseen(record, data):
    """Beside those that only name what is looked for in the leaf itself, and say the same in other letters."""
    path = record / "events.jsonl"
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    before = [json.loads(line) for line in whole.splitlines()]
    try:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :])
        try:
            found = problems(record)
        except verifier.Damaged:
            return
        if not found:
            after = [json.loads(line) for line in path.read_bytes().splitlines()]
            for old, new in zip(before, after, strict=True):
                assert {**old, "record": "", "id": 0} == {**new, "record": "", "id": 0} or same(old, new)
    finally:
        path.write_bytes(whole)


def same(old: dict, new: dict) -> bool:
    """Hexadecimal in capital letters is no change; a name that nothing reads is none either."""
    kept = {key: value for key, value in new.items() if key in old}
    return all(
        str(kept.get(key)).lower() == str(value).lower() for key, value in old.items() if key in {"hash", "salt"}
    ) and all(kept.get(key) == old[key] for key in ("index", "leaf", "closed"))


def test_it_ends_on_a_zip_file_that_was_cut(record, tmp_path):
    shutil.make_archive(str(tmp_path / "packed"), "zip", record)
    packed = tmp_path / "packed.zip"
    packed.write_bytes(packed.read_bytes()[:-100])

    done = run("history", packed)

    assert (done.returncode, done.stderr) == (1, "")
    assert "NOT VERIFIED" in done.stdout


def test_a_zip_file_cannot_write_outside_its_place(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../evil.txt", "x")

    assert run("history", tmp_path / "evil.zip").returncode == 1
    assert not (tmp_path.parent / "evil.txt").exists()


def test_what_a_record_says_cannot_steer_a_terminal(record):
    about = json.loads((record / "record.json").read_text())
    (record / "record.json").write_text(json.dumps({**about, "name": "\x1b]0;owned\x07"}))

    assert "\x1b" not in run("history", record).stdout


# --- Checkpoints, keys, signatures -------------------------------------------------------------------------


def test_a_checkpoint_of_more_leaves_tells_that_the_record_was_cut(acme, record, tmp_path):
    mirrored(acme, task_json(50))
    seal()
    kept = tmp_path / "kept.txt"
    kept.write_text(notes_of(acme))

    [(_first, _last, sentence)] = problems(record, [kept])

    assert sentence == (
        "kept.txt: 8 leaves were signed, the record ends after 7; "
        "the first that is missing or altered lies from leaf 7 to leaf 7"
    )


def test_a_checkpoint_file_without_a_word_about_the_tree_is_no_comparison(elsewhere, record, tmp_path):
    mirrored(elsewhere, task_json(1))
    seal()
    kept = tmp_path / "kept.txt"
    kept.write_text(notes_of(elsewhere))

    assert "nothing was compared with it" in problems(record, [kept])[0][2]


def test_only_the_key_that_was_kept_outside_counts(record, elsewhere):
    other = make_key(elsewhere)

    assert (
        "not signed with a known key" in problems(record, key=verifier_key(other.name, bytes(other.public_key)))[0][2]
    )


def test_a_key_that_is_none_is_said(record):
    with pytest.raises(verifier.Damaged, match="is no key such as"):
        problems(record, key="acme+00000000+AQID")


def test_the_published_note_is_verified():
    """The example of c2sp.org/signed-note."""
    name, identity, key = verifier.read_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    text = "This is an example message.\n"
    line = (
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    )

    assert verifier.check_signature((name, text, [line], [(name, identity, key)])) is None
    assert verifier.check_signature((name, text + "x", [line], [(name, identity, key)])) == "its signature is wrong"


#: RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_the_slow_way_knows_the_published_signatures(key, message, signature):
    key, message, signature = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)

    assert verifier.is_signed_slowly(key, signature, message)
    assert not verifier.is_signed_slowly(key, signature, message + b"x")
    assert not verifier.is_signed_slowly(key, signature[:63], message)


@given(st.binary(max_size=40), st.integers(0, 511))
@settings(max_examples=15, deadline=None)
def test_the_slow_way_agrees_with_the_quick_one(message, bit):
    private = Ed25519PrivateKey.generate()
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    bent = bytearray(signature)
    bent[bit // 8] ^= 1 << bit % 8

    assert verifier.is_signed_slowly(key, signature, message)
    assert not verifier.is_signed_slowly(key, bytes(bent), message)
    assert not verifier.is_signed(key, bytes(bent), message)


# --- Erasure -----------------------------------------------------------------------------------------------


def test_what_lost_its_facts_or_payload_is_not_verified_without_an_erasure(acme, record, tmp_path):
    from telareview.ledger.sources import source_named

    source = source_named("version")
    assert source is not None
    version = events(record)[0]["id"]
    blank = ", ".join(f"{column} = {value}" for column, value in source.blank.items())
    with as_owner() as cursor:
        cursor.execute(f"UPDATE tasks_taskversion SET {blank} WHERE id = %s", [version])
        cursor.execute("DELETE FROM tasks_payload WHERE version_id = %s", [version])

    [(_first, _last, sentence)] = problems(record_of(acme, tmp_path / "later"))

    assert sentence == f"leaf 0: version {version} has lost what it said, and no sealed record tells of an erasure"
