"""Does an exported file hold what was written? `python verifier.py FILE MANIFEST`, for whoever trusts nobody.

One file, on purpose: no Django, no database, no network. Exit code 0: everything was compared and agrees. 1: something
differs, is damaged, or could not be compared. 2: wrong use. Unsure means not verified.
"""

import argparse
import csv
import hashlib
import json
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MOST_TOLD = 100


class Damaged(Exception):
    """The manifest or the file cannot be read."""


# --- An exported file beside its manifest ------------------------------------------------------------------

MANIFEST = "telareview-export-manifest/1"
READ_BYTES = 1024 * 1024
#: What a damaged file raises while its rows are counted.
UNREADABLE = (OSError, EOFError, ValueError, LookupError, zipfile.BadZipFile, zlib.error, RecursionError)


def verify_export(options: argparse.Namespace) -> int:
    """`export FILE MANIFEST`: its exit code."""
    manifest = read_manifest(Path(options.manifest))
    try:
        problems = check_export(Path(options.file), manifest)
    except OSError as error:
        raise Damaged(f"{options.file}: {error}") from error
    for sentence in problems[:MOST_TOLD]:
        say(sentence)
    told = manifest["file"]
    say(f"{manifest.get('workspace')}: {told['rows']} tasks, taken at {manifest.get('takenAt')} for")
    say(f"“{(manifest.get('filter') or {}).get('understood')}”, profile {manifest.get('profile')}.")
    say(f"NOT VERIFIED: {len(problems)} problem(s)." if problems else "VERIFIED.")
    return 1 if problems else 0


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest, as far as it is needed. Raises Damaged."""
    try:
        manifest = json.loads(path.read_text("utf-8"))
        told = manifest["file"]
        if manifest["manifest"] != MANIFEST:
            raise ValueError(f"its format is {manifest['manifest']!r}, not {MANIFEST!r}")
        if type(told["rows"]) is not int or type(told["bytes"]) is not int or len(bytes.fromhex(told["sha256"])) != 32:
            raise ValueError("rows, bytes and sha256 are not what they should be")
        if not (isinstance(manifest["profile"], str) and isinstance(manifest["columns"], list)):
            raise ValueError("profile or columns are not what they should be")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(f"{path.name} is no manifest: {type(error).__name__}: {error}") from error
    return dict(manifest)


def check_export(path: Path, manifest: dict[str, Any]) -> list[str]:
    """What of the file is not as the manifest says: its size, its checksum, its rows and its columns."""
    told, problems = manifest["file"], []
    size = path.stat().st_size
    if size != told["bytes"]:
        problems.append(f"the file has {size} bytes, {told['bytes']} were written")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != told["sha256"].lower():
        problems.append(f"the file's SHA-256 is {digest}, that of what was written is {told['sha256']}")
    count = ROWS.get(manifest["profile"])
    try:
        if count is None:
            raise ValueError(f"profile {manifest['profile']!r} is not known here, so its rows cannot be counted")
        rows = count(path, manifest)
        if rows != told["rows"]:
            problems.append(f"the file has {rows} rows, {told['rows']} were written")
    except (
        OSError,
        ValueError,
        KeyError,
        IndexError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RecursionError,
    ) as error:
        problems.append(f"the rows cannot be counted: {error}")
    return problems


def csv_rows(path: Path, manifest: dict[str, Any]) -> int:
    """Line ends outside quotes, but for that of the headings. Raises ValueError for a file that was cut."""
    lines, outside, last = 0, True, b""
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            for number, part in enumerate(block.split(b'"')):
                outside ^= bool(number)
                lines += part.count(b"\n") if outside else 0
            last = block[-1:]
    if last != b"\n" or not outside:
        raise ValueError("the last line was cut")
    if manifest["profile"] == "machine":
        with path.open(encoding="utf-8", newline="") as text:
            headings = next(csv.reader(text))
        if headings != [column["name"] for column in manifest["columns"]]:
            raise ValueError("the columns are not those of the manifest")
    return lines - 1


def ndjson_rows(path: Path, manifest: dict[str, Any]) -> int:
    """Lines, each of which is one task."""
    rows = 0
    with path.open("rb") as file:
        for rows, line in enumerate(file, 1):
            if not line.endswith(b"\n") or not isinstance(json.loads(line), dict):
                raise ValueError(f"line {rows} is no task, or was cut")
    return rows


def xlsx_rows(path: Path, manifest: dict[str, Any]) -> int:
    """Rows of the sheet, but for the headings. Every part's own checksum is compared as it is read."""
    rows, rest = 0, b""
    with zipfile.ZipFile(path) as book:
        if broken := book.testzip():
            raise ValueError(f"{broken} is damaged")
        with book.open("xl/worksheets/sheet1.xml") as sheet:
            while block := sheet.read(READ_BYTES):
                block = rest + block
                rows += block.count(b"<row ")
                # A mark may be cut by the end of a block, and is no longer than this.
                rest = block[-4:]
    return rows - 1


def parquet_rows(path: Path, manifest: dict[str, Any]) -> int:
    """What the footer says: field 3 of its Thrift structure (compact protocol)."""
    with path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length, mark = int.from_bytes(file.read(4), "little"), file.read(4)
        file.seek(-8 - length, os.SEEK_END)
        footer = Thrift(file.read(length))
    if mark != b"PAR1":
        raise ValueError("the file was cut")
    return footer.number_of_field(3)


class Thrift:
    """As much of Thrift's compact protocol as finds one number in a structure."""

    def __init__(self, octets: bytes) -> None:
        self.octets, self.at = octets, 0

    def number_of_field(self, wanted: int) -> int:
        for number, kind in self.fields():
            if number == wanted:
                raw = self.varint()
                return raw >> 1 ^ -(raw & 1)
            self.skip(kind)
        raise ValueError(f"the footer has no field {wanted}")

    def fields(self) -> Iterator[tuple[int, int]]:
        number = 0
        while head := self.byte():
            step, kind = head >> 4, head & 15
            raw = 0 if step else self.varint()
            number = number + step if step else raw >> 1 ^ -(raw & 1)
            yield number, kind

    def byte(self) -> int:
        self.at += 1
        return self.octets[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while (octet := self.byte()) & 128:
            value, shift = value | (octet & 127) << shift, shift + 7
        return value | octet << shift

    def skip(self, kind: int) -> None:
        if kind in (3, 7):
            self.at += 1 if kind == 3 else 8
        elif kind in (4, 5, 6):
            self.varint()
        elif kind == 8:
            length = self.varint()
            self.at += length
        elif kind in (9, 10):
            head = self.byte()
            for _ in range(self.varint() if head >> 4 == 15 else head >> 4):
                # Within a list a truth value takes a byte.
                self.skip(3 if head & 15 in (1, 2) else head & 15)
        elif kind == 12:
            for _number, inner in self.fields():
                self.skip(inner)
        elif kind not in (1, 2):
            raise ValueError(f"the footer has a value of unknown type {kind}")


ROWS = {
    "machine": csv_rows,
    "excel": csv_rows,
    "ndjson": ndjson_rows,
    "xlsx": xlsx_rows,
    "parquet": parquet_rows,
}


def say(sentence: str) -> None:
    print("".join(each if each.isprintable() else "\ufffd" for each in sentence))


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("telareview-verify export", description="Checks an exported file, offline.")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("manifest", metavar="MANIFEST")
    options = parser.parse_args(words)
    try:
        return verify_export(options)
    except Damaged as error:
        say(f"{error}")
        say("NOT VERIFIED: it cannot be read.")
        return 1


if __name__ == "__main__":
    sys.exit(main())
