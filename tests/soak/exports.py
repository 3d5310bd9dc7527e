"""`./run soak exports [--kills N] [--tasks N]`: `kill -9` at random bytes of a running export.

Each kind of file in turn, sent at once and made as a job; killed is the database's process that serves the export, or
the worker, or the web server. The mirror does not change, so whatever ends well must have the very bytes of an export
that nobody disturbed. Whatever does not must be on the record with a sentence, and leave nothing on the disk.
"""

import argparse
import itertools
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from html import unescape
from io import StringIO

from django.core.management import call_command
from django.db import DatabaseError, connection

from telareview.accounts.workspaces import ensure_default_workspace
from telareview.exports.manifest import manifest_text
from telareview.exports.models import ExportRecord
from telareview.exports.profiles import PROFILES
from telareview.exports.running import EXPORT_LOCK
from telareview.exports.stored import path_of
from telareview.exports.trouble import trouble_sentence
from telareview.exports.upkeep import tidy_first
from telareview.ledger import verifier
from telareview.tasks.models import Task
from tests.soak.export_place import PATIENCE_SECONDS, Answer, Place, wait_for
from tests.soak.place import LOGS

KILLS, TASKS = 100, 10_000
SAID_EVERY = 5
#: Beyond 1 the kill falls while the finished file is noted or sent.
FURTHEST = 1.3
LONGEST_NAP_SECONDS = 0.05
LOOK_SECONDS = 0.002
#: Looks at the disk between two at the database.
LOOKS_APART = 20
AT_ONCE, JOB = "at once", "job"
DATABASE, PROCESS = "database", "process"
#: Of which cells there are, for each kind of file one after the other.
KINDS = tuple(itertools.product((AT_ONCE, JOB), (DATABASE, PROCESS)))


class Trial:
    """Kills, and what came of each."""

    def __init__(self, place: Place, dice: random.Random, kill_backend: Callable[[int], None]) -> None:
        self.place, self.dice, self.kill_backend = place, dice, kill_backend
        #: Of the file that nobody disturbed, by way and profile: its checksum, rows, and the most that lay on the disk.
        self.wanted: dict[tuple[str, str], tuple[str, int, int]] = {}
        self.kills = self.whole = self.failed = self.resumed = self.broken = self.missed = 0
        #: Sentences about what was wrong after a kill.
        self.wrong: list[str] = []

    def __str__(self) -> str:
        return (
            f"{self.kills} kills (besides, {self.missed} came too late): {self.failed} exports failed and say so, "
            f"{self.resumed} were made anew and ended whole, {self.whole} files are whole, "
            f"{self.broken} answers broke off. {len(self.wrong)} wrong."
        )

    def learn(self, way: str, profile: str, tasks: int) -> None:
        """One undisturbed export, checked by the stand-alone verifier."""
        self.place.start_web()
        if way == JOB:
            self.place.start_worker()
        last = _last_record()
        answer = self.place.ask(profile) if way == AT_ONCE else None
        record_id = self.place.order(profile).pk if way == JOB else self._new_record(last)
        most = 0
        while answer is None or not answer.done.is_set():
            most = max(most, self.place.bytes_of(record_id) or 0)
            if answer is None and ExportRecord.objects.get(pk=record_id).ended_at is not None:
                break
            time.sleep(LOOK_SECONDS)
        record = ExportRecord.objects.get(pk=record_id)
        if record.outcome != "complete" or record.rows != tasks or (answer and answer.sha256 != record.sha256):
            raise RuntimeError(f"An undisturbed export, {way}, {profile}: {record.outcome}, {record.rows} rows.")
        if answer is None:
            self._verify(record)
        self.wanted[way, profile] = record.sha256, tasks, most

    def kill_once(self, way: str, victim: str, profile: str) -> None:
        """One export and one kill."""
        self.place.start_web()
        if way == JOB:
            self.place.start_worker()
        last = _last_record()
        answer = self.place.ask(profile) if way == AT_ONCE else None
        record_id = self.place.order(profile).pk if way == JOB else self._new_record(last)
        self._wait_for_bytes(record_id, self.dice.uniform(0, FURTHEST) * self.wanted[way, profile][2], answer)
        hit = self._kill(way, victim, record_id)
        if answer is not None:
            answer.done.wait(PATIENCE_SECONDS)
        wait_for("the database", _database_answers)
        self.place.start_web()
        wait_for(f"export {record_id}", lambda: self._settled(way, record_id))
        self.kills += hit
        self.missed += not hit
        self.wrong += [f"{way}, {victim}, {profile}: {each}" for each in self._judged(record_id, way, profile, answer)]

    def _new_record(self, last: int) -> int:
        """The number of the export that has begun since."""
        wait_for("an export", lambda: _last_record() > last, LOOK_SECONDS)
        return _last_record()

    def _wait_for_bytes(self, record_id: int, wanted: float, answer: Answer | None) -> None:
        """Until so many bytes lie there; where there never will, until they are gone or the record is closed."""
        deadline, looks, seen = time.monotonic() + PATIENCE_SECONDS, 0, False
        while time.monotonic() < deadline:
            size, looks = self.place.bytes_of(record_id), looks + 1
            seen = seen or size is not None
            if size is not None and size >= wanted:
                return
            if (seen and size is None) or (answer and answer.done.is_set()):
                break
            if looks % LOOKS_APART == 0:
                if answer is None:
                    # One that lost its database ends by itself; what supervises it starts the next.
                    self.place.start_worker()
                if ExportRecord.objects.get(pk=record_id).ended_at is not None:
                    break
            time.sleep(LOOK_SECONDS)
        time.sleep(self.dice.uniform(0, LONGEST_NAP_SECONDS))

    def _kill(self, way: str, victim: str, record_id: int) -> bool:
        """Whether there was somebody to kill."""
        if victim == PROCESS:
            child = self.place.web if way == AT_ONCE else self.place.worker
            assert child is not None
            hit = child.alive
            child.process.kill()
            child.process.wait()
            return hit
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s",
                [EXPORT_LOCK, record_id],
            )
            row = cursor.fetchone()
        if row is None:
            return False
        self.kill_backend(row[0])
        return True

    def _settled(self, way: str, record_id: int) -> bool:
        """Whether the record is closed and nothing is left of it, after what a worker does when it starts."""
        try:
            if way == JOB:
                self.place.start_worker()
            else:
                tidy_first()
            return ExportRecord.objects.get(pk=record_id).ended_at is not None and not self.place.leftovers()
        except DatabaseError:
            connection.close()
            return False

    def _judged(self, record_id: int, way: str, profile: str, answer: Answer | None) -> Iterator[str]:
        """Sentences about what is not as it must be."""
        record = ExportRecord.objects.get(pk=record_id)
        sha256, rows, _most = self.wanted[way, profile]
        if record.outcome == "complete":
            self.resumed += record.attempts > 1
            if (record.sha256, record.rows) != (sha256, rows):
                yield f"complete with {record.rows} rows of {rows} and checksum {record.sha256}"
            if way == JOB:
                self.whole += 1
                yield from self._verify(record)
        else:
            self.failed += 1
            sentence = trouble_sentence(record)
            page = self.place.page(f"/exports/{record_id}/")
            if record.outcome != "failed" or not sentence or sentence not in " ".join(unescape(page.text).split()):
                yield f"{record.outcome} ({record.trouble}), and its page does not say why"
        if answer is not None:
            whole = answer.status == 200 and bool(answer.sha256)
            self.whole += whole
            self.broken += not whole
            if whole and (answer.sha256 != sha256 or record.outcome != "complete"):
                yield f"an answer that ended well with checksum {answer.sha256} of an export that is {record.outcome}"
            if answer.status == 200 and not answer.sha256 and record.outcome != "complete":
                yield "the head of a good answer for a file that was not complete"

    def _verify(self, record: ExportRecord) -> list[str]:
        """What the stand-alone verifier has against the kept file."""
        manifest = self.place.folder / "manifest.json"
        manifest.write_text(manifest_text(record.manifest), encoding="utf-8")
        with redirect_stdout(StringIO()) as said:
            code = verifier.main(["export", str(path_of(record)), str(manifest)])
        return [f"the verifier says: {said.getvalue()}"] if code else []


def kill_hard(pid: int) -> None:
    """The whole server then recovers, as after a crash."""
    os.kill(pid, signal.SIGKILL)


def _last_record() -> int:
    return ExportRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _database_answers() -> bool:
    try:
        _last_record()
    except DatabaseError:
        connection.close()
        return False
    return True


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("./run soak exports", description="kill -9 at random bytes of a running export.")
    parser.add_argument("--kills", type=int, default=KILLS, help="default: %(default)s")
    parser.add_argument("--tasks", type=int, default=TASKS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="of the moments; default: %(default)s")
    options = parser.parse_args(arguments)
    call_command("seed_mirror", tasks=options.tasks, verbosity=0)
    listed = Task.objects.filter(gone_at=None).count()
    place = Place(LOGS / "exports", ensure_default_workspace())
    trial = Trial(place, random.Random(options.seed), kill_hard)
    try:
        for way, profile in itertools.product((AT_ONCE, JOB), PROFILES):
            trial.learn(way, profile, listed)
        rounds = itertools.cycle(itertools.product(KINDS, PROFILES))
        for (way, victim), profile in itertools.islice(rounds, 2 * options.kills):
            if trial.kills < options.kills:
                trial.kill_once(way, victim, profile)
                if trial.kills % SAID_EVERY == 0:
                    print(trial, flush=True)
    finally:
        place.leave()
    print(f"Over {listed:,} tasks: {trial}")
    for each in trial.wrong[:20]:
        print(each)
    return 1 if trial.wrong or trial.kills < options.kills else 0
