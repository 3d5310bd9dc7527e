"""A task as one answer showed it, with all that the mirror derives from it alone."""

import os
from functools import cached_property
from operator import attrgetter
from typing import Any

from telareview.ledger.bulk import octets
from telareview.tasks.facts import Facts, commitment, content_hash, facts_of, first_doers
from telareview.tasks.revision import content_of
from telareview.tasks.searchable import searchable_json
from telareview.tela import TaskRecord

SALT_BYTES = 16


class Snapshot:
    """Each part is worked out once, by whoever asks first: it costs a fill as much as reading the record does.

    `prepare` is for a thread that reads while another one writes, where the state is likely to be new.
    """

    def __init__(self, record: TaskRecord) -> None:
        self.record = record

    @cached_property
    def facts(self) -> Facts:
        return facts_of(self.record)

    @cached_property
    def facts_octets(self) -> bytes:
        """The facts, as they are copied into a table."""
        return octets(*self.facts)

    @cached_property
    def first_doers(self) -> list[str]:
        """Who made this state, if it is the first that is seen of the task."""
        return first_doers(self.facts, self.record)

    @cached_property
    def content_hash(self) -> bytes:
        return content_hash(self.record.canonical_json)

    @cached_property
    def salt(self) -> bytes:
        """Of the payload's commitment. Random, so that a commitment cannot be tested by guessing the payload."""
        return os.urandom(SALT_BYTES)

    @cached_property
    def commitment(self) -> bytes:
        return commitment(self.salt, self.record.canonical_json)

    @cached_property
    def searchable_json(self) -> str:
        """What is searched in the task's current output, as JSON text that `jsonb` can hold."""
        return searchable_json(content_of(self.record.output_content))

    def prepare(self) -> "Snapshot":
        """The same, with everything worked out that a first sight needs."""
        _worked_out(self)
        return self

    def __getstate__(self) -> tuple[object, ...]:
        """What travels to another process: the facts only as octets, which need no reading."""
        return (self.record.__getstate__(), *_worked_out(self))

    def __setstate__(self, told: tuple[Any, ...]) -> None:
        self.record = TaskRecord.__new__(TaskRecord)
        self.record.__setstate__(told[0])
        self.__dict__.update(zip(WORKED_OUT, told[1:], strict=True))


WORKED_OUT = ("facts_octets", "first_doers", "content_hash", "salt", "commitment", "searchable_json")
_worked_out = attrgetter(*WORKED_OUT)
