"""A task as one answer showed it, with all that the mirror derives from it alone."""

import os
from functools import cached_property

from telareview.tasks.bulk import spelled
from telareview.tasks.facts import Facts, commitment, content_hash, facts_of, first_doers
from telareview.tasks.outputs import searchable_json
from telareview.tasks.revision import content_of
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
    def spelled_facts(self) -> str:
        """The facts, as they are copied into a table."""
        return spelled(self.facts)

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
        self.__getstate__()
        return self

    def __getstate__(self) -> tuple[object, ...]:
        """What travels to another process: the facts only as text, which is read back three times as fast."""
        return tuple(getattr(self, name) for name in TRAVELS)

    def __setstate__(self, told: tuple[object, ...]) -> None:
        self.__dict__.update(zip(TRAVELS, told, strict=True))


TRAVELS = ("record", "spelled_facts", "first_doers", "content_hash", "salt", "commitment", "searchable_json")
