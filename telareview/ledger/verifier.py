"""telareview-verify: does this record of a history say what was sealed, and does this exported file hold what was
written? For whoever does not trust whoever made it.

One file, on purpose: no Django, no database, no network, nothing of the product. Python 3.12 or newer is all it needs
(`cryptography` makes signatures quicker where it is installed). Nothing of the product imports it.

    python verifier.py history RECORD [--checkpoint FILE]... [--key KEY]
    python verifier.py export FILE MANIFEST

Exit code 0: everything was compared and agrees. 1: something differs, is damaged, or could not be compared; each such
place is told. 2: wrong use. Unsure means not verified.
"""

import argparse
import base64
import binascii
import csv
import hashlib
import io
import json
import mmap
import multiprocessing
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

#: First and last leaf that it may concern, and a sentence.
type Problem = tuple[int, int, str]
type Point = tuple[int, int, int, int]
type Key = tuple[str, bytes, bytes]
type Note = tuple[str, int, bytes, str, list[str]]
#: A record by its source and its id there.
type Name = tuple[str, int]

FORMAT = "telareview history record 1"
EVENTS, CHECKPOINTS, ABOUT = "events.jsonl", "checkpoints.txt", "record.json"
#: Bytes of events that one process takes at a time.
STRETCH = 16 * 1024 * 1024
#: Problems told one by one; all are counted.
MOST_TOLD = 100
#: Runs of erased leaves told for one request, unless all are asked for.
MOST_RUNS = 20
#: Last leaf of what may be wrong up to the end.
BEYOND = 2**63


class Damaged(Exception):
    """The record, a checkpoint or a key cannot be read."""


# --- A stretch of events, in a process of its own ----------------------------------------------------------


class Stretch:
    """What was found in a part of the events."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.hashes = bytearray()
        self.problems: list[Problem] = []
        #: Records that have lost their facts, or their payload, each with its leaf.
        self.no_facts: list[tuple[Name, int]] = []
        self.no_payload: list[tuple[Name, int]] = []
        self.requests: list[Request] = []
        self.payloads = 0


class Request:
    """A request to erase, as its own leaf tells it; the leaves that lost something under it are added later."""

    def __init__(self, index: int, told: dict[str, Any]) -> None:
        self.index, self.number, self.scope = index, int(told["number"]), str(told["scope"])
        self.recorded_at, self.reason = str(told["recordedAt"]), str(told["reason"])
        self.records: list[Name] = [(str(source), int(number)) for source, number in told["erases"]]
        self.facts: set[int] = set()
        self.payloads: set[int] = set()

    def can_have_taken(self, leaf: int, *, facts: bool) -> bool:
        """Only what was there before it, and facts only where more than payloads was asked for."""
        return self.index > leaf and not (facts and self.scope == "payloads")


def check_stretch(task: tuple[Path, int, int, bool]) -> Stretch:
    """Check the events between two offsets, each by itself."""
    path, start, end, payloads = task
    found, expected = Stretch(), None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        text.seek(start)
        while text.tell() < end:
            place = text.tell()
            line = text.readline()
            try:
                event = json.loads(line)
                index, stored = event["index"], bytes.fromhex(event["hash"])
                if len(stored) != 32 or type(index) is not int:
                    raise ValueError("an index is a number, a hash has 32 bytes")
                if expected is not None and index != expected:
                    raise ValueError(f"leaf {expected} was to follow, leaf {index} does")
                if not line.endswith(b"\n"):
                    raise ValueError("the last line was cut")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                known = f"after leaf {expected - 1}" if expected else "at its beginning"
                found.problems.append((expected or 0, BEYOND, f"{EVENTS} is damaged at byte {place}, {known}: {error}"))
                return found
            try:
                check_event(event, found, payloads=payloads)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                found.problems.append((index, index, f"leaf {index} cannot be read: {type(error).__name__}: {error}"))
            if found.first is None:
                found.first = index
            expected = index + 1
            found.hashes += stored
    return found


def check_event(event: dict[str, Any], found: Stretch, *, payloads: bool) -> None:
    """Recompute one leaf from what the record says of it."""
    index, leaf, closed, salt = event["index"], event["leaf"], event["closed"], event["salt"]
    if leaf is None:
        what = f"{event['record']} {event['id']}"
        found.problems.append((index, index, f"leaf {index}: {what} was sealed, and is not there any more"))
        return
    told = json.loads(leaf)
    name: Name = (str(told["record"]), int(told["id"]))
    what = f"leaf {index}: {name[0]} {name[1]}"
    if hashlib.sha256(b"\0" + leaf.encode()).hexdigest() != event["hash"]:
        found.problems.append((index, index, f"{what} says something else than what was sealed"))
    if closed is not None and salt is None:
        found.no_facts.append((name, index))
        if any(value not in (None, "", []) for value in json.loads(closed).values()):
            found.problems.append((index, index, f"{what} has lost its salt, but not what an erasure takes away"))
    elif (closed, told["closed"]) != (None, None) and salted(salt, closed) != told["closed"]:
        found.problems.append((index, index, f"{what}: names, tags or paths are not those that were sealed"))
    if told.get("erases"):
        found.requests.append(Request(index, told))
    if payloads and told.get("payload") is not None:
        check_payload(event["payload"], told["payload"], name, index, found)


def check_payload(payload: dict[str, str] | None, commitment: str, name: Name, index: int, found: Stretch) -> None:
    if payload is None:
        # Allowed where a request to erase answers for it.
        found.no_payload.append((name, index))
        return
    found.payloads += 1
    if salted(payload["salt"], payload["text"]) != commitment:
        what = f"leaf {index}: {name[0]} {name[1]}"
        found.problems.append((index, index, f"{what}: its payload is not the one that was sealed"))


def salted(salt: str, text: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


# --- The tree ----------------------------------------------------------------------------------------------


class Tree:
    """Roots of a growing Merkle tree (RFC 6962)."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        size = self.size
        while size & 1:
            leaf = hashlib.sha256(b"\1" + self.peaks.pop() + leaf).digest()
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            root = hashlib.sha256(b"\1" + peak + root).digest()
        return root


# --- Checkpoints: C2SP signed notes ------------------------------------------------------------------------


def read_notes(text: str, where: str) -> Iterator[Note]:
    """The notes of a file, one after the other: (name, size, root, signed text, signature lines)."""
    lines, at = text.split("\n"), 0
    while any(line.strip() for line in lines[at:]):
        try:
            end = lines.index("", at)
            body, at = lines[at:end], end + 1
            name, size, root = body[:3]
            if not (name and size.isascii() and size.isdigit() and str(int(size)) == size):
                raise ValueError
            digest = base64.b64decode(root, validate=True)
            signatures = []
            while at < len(lines) and lines[at].startswith("— "):
                signatures.append(lines[at])
                at += 1
            if len(digest) != 32 or not signatures:
                raise ValueError
        except (ValueError, binascii.Error) as error:
            raise Damaged(f"{where}: the note that ends near line {at + 1} is no signed checkpoint") from error
        yield name, int(size), digest, "\n".join(body) + "\n", signatures


def read_key(text: str) -> Key:
    """`name+id+key` as (name, key id, 32 bytes)."""
    try:
        name, identity, key = text.strip().split("+", 2)
        raw = base64.b64decode(key, validate=True)
        if raw[:1] != b"\x01" or len(raw) != 33:
            raise ValueError
        wanted = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if wanted.hex() != identity:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise Damaged(f"“{text.strip()[:100]}” is no key such as name+1a2b3c4d+AQID…") from error
    return name, wanted, raw[1:]


def check_signature(task: tuple[str, str, list[str], list[Key]]) -> str | None:
    """None where a line signs the text with one of the keys, else why not."""
    name, text, lines, keys = task
    for line in lines:
        signer, _, encoded = line[2:].partition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            continue
        for owner, identity, key in keys:
            if signer == owner == name and raw[:4] == identity and len(raw) == 68:
                return None if is_signed(key, raw[4:], text.encode()) else "its signature is wrong"
    return "it is not signed with a known key"


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Ed25519."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return is_signed_slowly(key, signature, message)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# Ed25519 as RFC 8032 section 5.1 defines it; some milliseconds a signature, and nothing secret passes through it.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE: int = pow(2, (P - 1) // 4, P)


def is_signed_slowly(key: bytes, signature: bytes, message: bytes) -> bool:
    point, nonce = decompressed(key), decompressed(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or nonce is None or scalar >= Q or len(signature) != 64:
        return False
    factor = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(scalar, BASE), added(nonce, times(factor, point))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 == (left[1] * right[2] - right[1] * left[2]) % P


def decompressed(raw: bytes) -> Point | None:
    """A point in extended coordinates, or None."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def added(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = added(total, point)
        point, scalar = added(point, point), scalar >> 1
    return total


BASE: Any = decompressed((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


# --- The record --------------------------------------------------------------------------------------------


class History:
    """A whole record, compared piece by piece; problems are gathered."""

    def __init__(self, folder: Path, outside: Sequence[str], key: str | None) -> None:
        self.folder, self.outside = folder, outside
        self.problems: list[Problem] = []
        self.no_facts: dict[Name, int] = {}
        self.no_payload: dict[Name, int] = {}
        self.requests: list[Request] = []
        self.tree, self.payloads_compared, self.signed = Tree(), 0, 0
        #: Where checkpoints stand → the largest size at which all of them agreed so far; and where one did not.
        self.agreed: dict[str, int] = {}
        self.differs: set[str] = set()
        try:
            about = json.loads((folder / ABOUT).read_text("utf-8"))
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']!r}, not {FORMAT!r}")
            self.name, self.leaves = str(about["name"]), int(about["leaves"])
            self.payloads = about["payloads"] is True
            self.keys = [read_key(str(each)) for each in ([key] if key else about["keys"])]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{ABOUT}: {said(error)}") from error

    def check(self, pool: Any) -> None:
        """Everything there is to compare."""
        self.events(pool, self.checkpoints(pool))
        self.losses()

    def losses(self) -> None:
        """Lay everything that is gone to the first request that can have taken it; what none can have is told."""
        naming: dict[Name, list[Request]] = {}
        for request in self.requests:
            for name in request.records:
                naming.setdefault(name, []).append(request)
        for lost in (self.no_facts, self.no_payload):
            facts = lost is self.no_facts
            for name, index in lost.items():
                for request in naming.get(name, ()):
                    if request.can_have_taken(index, facts=facts):
                        (request.facts if facts else request.payloads).add(index)
                        break
                else:
                    if facts or name not in self.no_facts:
                        what = f"leaf {index}: {name[0]} {name[1]}"
                        self.problems.append(
                            (index, index, f"{what} has lost what it said, and no sealed record tells of an erasure")
                        )

    def checkpoints(self, pool: Any) -> dict[int, list[tuple[bytes, str]]]:
        """Size → roots that were signed for it, and where they stand."""
        notes: list[tuple[Note, str]] = []
        for path in (self.folder / CHECKPOINTS, *map(Path, self.outside)):
            try:
                found = list(read_notes(path.read_text("utf-8"), path.name))
            except (OSError, UnicodeDecodeError) as error:
                raise Damaged(f"{path.name}: {said(error)}") from error
            own = [(note, path.name) for note in found if note[0] == self.name]
            if not own and (found or self.leaves):
                self.problems.append(
                    (0, BEYOND, f"{path.name} has no checkpoint of {self.name}: nothing was compared with it")
                )
            notes += own
        wrong = pool.map(check_signature, [(note[0], note[3], note[4], self.keys) for note, _where in notes], 64)
        roots: dict[int, list[tuple[bytes, str]]] = {}
        for ((_name, size, root, *_text), where), why in zip(notes, wrong, strict=True):
            if why:
                self.problems.append((size, size, f"{where}: the checkpoint of {size} leaves: {why}"))
            roots.setdefault(size, []).append((root, where))
        self.signed = len(notes)
        return roots

    def events(self, pool: Any, roots: dict[int, list[tuple[bytes, str]]]) -> None:
        """Recompute every leaf, and the root wherever one was signed."""
        try:
            tasks = [(self.folder / EVENTS, *each, self.payloads) for each in stretches(self.folder / EVENTS)]
        except OSError as error:
            raise Damaged(f"{EVENTS}: {said(error)}") from error
        agrees = True
        for found in pool.imap(check_stretch, tasks):
            self.problems += found.problems
            self.no_facts.update(found.no_facts)
            self.no_payload.update(found.no_payload)
            self.requests += found.requests
            self.payloads_compared += found.payloads
            if found.first is not None and found.first != self.tree.size:
                size, agrees = self.tree.size, False
                self.problems.append(
                    (size, found.first - 1, f"leaf {size} was to follow, leaf {found.first} does: events are missing")
                )
            for at in range(0, len(found.hashes), 32):
                self.tree.append(bytes(found.hashes[at : at + 32]))
                if agrees and self.tree.size in roots:
                    self.compare(roots[self.tree.size])
        self.ends_well(roots)

    def compare(self, signed: list[tuple[bytes, str]]) -> None:
        """The tree's root with those that were signed. Each witness by itself: one that was bribed covers nothing."""
        size, root = self.tree.size, self.tree.root()
        for each, where in signed:
            if where in self.differs:
                continue
            if each == root:
                self.agreed[where] = size
                continue
            self.differs.add(where)
            good = self.agreed.get(where, 0)
            between = f"what was altered lies from leaf {good} to leaf {size - 1}"
            self.problems.append((good, size - 1, f"{where}: another root was signed over {size} leaves; {between}"))

    def ends_well(self, roots: dict[int, list[tuple[bytes, str]]]) -> None:
        size = self.tree.size
        beyond = {where: each for each in sorted(roots) if each > size for _root, where in roots[each]}
        for where, signed in beyond.items():
            good = self.agreed.get(where, 0)
            between = f"the first that is missing or altered lies from leaf {good} to leaf {size}"
            cut = f"{where}: {signed} leaves were signed, the record ends after {size}; {between}"
            self.problems.append((good, size, cut))
        if size != self.leaves:
            self.problems.append((size, BEYOND, f"{ABOUT} tells of {self.leaves} leaves, the record ends after {size}"))
        if size not in roots and size:
            good = max(self.agreed.values(), default=0)
            what = f"no checkpoint is signed over all {size} leaves; the last good one is over {good}"
            self.problems.append((good, BEYOND, what))


def erased_lines(history: History, *, each: bool) -> Iterator[str]:
    """What is gone, request by request, or leaf by leaf."""
    for request in history.requests:
        under = f"erased under request {request.number} of {request.recorded_at}"
        taken = {"facts": request.facts, "payload": request.payloads}
        leaves = request.facts | request.payloads
        if each:
            for leaf in sorted(leaves):
                yield f"leaf {leaf}: {' and '.join(what for what in taken if leaf in taken[what])} {under}"
        elif leaves:
            what = " and ".join(what for what in taken if taken[what])
            yield f"{said_leaves(leaves)}: {what} {under}, told by leaf {request.index} ({request.reason})"


def said_leaves(leaves: set[int]) -> str:
    """`leaves 0–4, 7`, cut after MOST_RUNS."""
    runs: list[list[int]] = []
    for leaf in sorted(leaves):
        if runs and runs[-1][1] == leaf - 1:
            runs[-1][1] = leaf
        else:
            runs.append([leaf, leaf])
    told = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs[:MOST_RUNS])
    rest = sum(last - first + 1 for first, last in runs[MOST_RUNS:])
    return f"leaves {told}" + (f" and {rest} more (--erased tells each)" if rest else "")


def stretches(path: Path) -> Iterator[tuple[int, int]]:
    """Offsets that cut a file of lines into parts of about STRETCH bytes."""
    size, start = path.stat().st_size, 0
    with path.open("rb") as file:
        while start < size:
            file.seek(min(start + STRETCH, size))
            file.readline()
            end = file.tell()
            yield start, end
            start = end


def verify_history(options: argparse.Namespace) -> int:
    """`history RECORD`: its exit code."""
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(options.record)
        if folder.is_file():
            try:
                with zipfile.ZipFile(folder) as archive:
                    for name in (ABOUT, CHECKPOINTS, EVENTS):
                        archive.extract(name, spare)
            except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError) as error:
                raise Damaged(f"{folder.name}: {said(error)}") from error
            folder = Path(spare)
        history = History(folder, options.checkpoint, options.key)
        with multiprocessing.get_context("spawn").Pool(max(1, options.processes)) as pool:
            history.check(pool)
    for *_where, sentence in sorted(history.problems)[:MOST_TOLD]:
        say(sentence)
    for line in erased_lines(history, each=options.erased):
        say(line)
    say(
        f"{history.name}: {history.tree.size} leaves, {history.signed} checkpoints, {history.payloads_compared} "
        f"payloads compared, {len(history.no_facts.keys() | history.no_payload.keys())} records erased."
    )
    if not history.payloads:
        say("The record was made without payloads: they were not compared.")
    if not (options.checkpoint or options.key):
        say("No checkpoint or key from outside was given: the record was compared with itself alone.")
    say(f"NOT VERIFIED: {len(history.problems)} problem(s)." if history.problems else "VERIFIED.")
    return 1 if history.problems else 0


def said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"


# --- An exported file beside its manifest ------------------------------------------------------------------

MANIFEST = "telareview-export-manifest/1"
BLOCK_BYTES = 1024 * 1024
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
        while block := file.read(BLOCK_BYTES):
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
            while block := sheet.read(BLOCK_BYTES):
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
    """Print without what a record could do to a terminal."""
    print("".join(each if each.isprintable() else "\ufffd" for each in sentence))


def main(words: Sequence[str] | None = None) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser("telareview-verify", description="Checks what telareview gave away, offline.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    history = commands.add_parser("history", help="a record made by export_history")
    history.add_argument("record", metavar="RECORD", help="its folder or ZIP file")
    history.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help="checkpoints kept outside")
    history.add_argument("--key", metavar="KEY", help="the public key (name+id+key) kept outside")
    history.add_argument("--erased", action="store_true", help="tell each leaf that lost something, and why")
    history.add_argument("--processes", metavar="N", type=int, default=os.cpu_count() or 1, help="default: %(default)s")
    history.set_defaults(run=verify_history)
    export = commands.add_parser("export", help="an exported file beside its manifest")
    export.add_argument("file", metavar="FILE")
    export.add_argument("manifest", metavar="MANIFEST")
    export.set_defaults(run=verify_export)
    options = parser.parse_args(words)
    try:
        code: int = options.run(options)
    except Damaged as error:
        say(f"{error}")
        say("NOT VERIFIED: it cannot be read.")
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
