"""What is sealed. Rooms above declare their tables here, so that the ledger seals records without knowing them.

A leaf is made of the text of one compact JSON object: every *open* column of the record by name, and `closed`, the
salted hash of its *closed* columns, those that may hold personal data. Erasing blanks the closed columns and takes the
salt away: the leaf stays as it was and can still be recomputed, and nothing erased can be tested by guessing.

The text is what PostgreSQL's `row_to_json` writes: keys in the order given, no spaces, UTF-8, the same bytes as
`json.dumps(…, ensure_ascii=False, separators=(",", ":"))`. No value in it depends on a setting of the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.backends.utils import CursorWrapper

#: Of the leaf's text; a change of its form needs another number, and old leaves keep theirs.
LEAF_FORM = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A long text kept in a table of its own, committed to by an open column: SHA-256(salt ‖ text)."""

    table: str
    #: Column that names the record.
    key: str
    salt: str = "salt"
    text: str = "text"
    #: Column of the record that holds the commitment; null where the record has no content.
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One table whose rows are sealed. Expressions are SQL over the row `record`; names are the JSON's.

    The table has an `id` that is never used again, and a `workspace_id`. Rows never change once they are sealed, but
    for what an erasure blanks.
    """

    #: Short and lasting: it stands in every leaf.
    name: str
    table: str
    #: What never changes, not even by an erasure.
    open: Mapping[str, str]
    #: What may hold personal data. Blank values (null, "", []) are all that may stand here after an erasure.
    closed: Mapping[str, str] = field(default_factory=dict)
    #: 16 random bytes (as `bytea`), null after an erasure; "" where nothing is closed.
    salt: str = ""
    #: Column → the SQL value that an erasure puts into it; the salt among them.
    blank: Mapping[str, str] = field(default_factory=dict)
    content: Content | None = None
    #: JSON array of `[source, id]`: the records that this one tells to have been erased; "" where it tells of none.
    erases: str = ""
    #: When the row was written, to tell how long it has waited for its seal.
    recorded_at: str = "record.recorded_at"
    #: Rows that do not fit are left alone until they do.
    where: str = "true"

    def closed_text(self) -> str:
        """SQL: the closed columns as JSON text; null where nothing is closed."""
        return json_text(self.closed) if self.closed else "NULL::text"

    def commitment(self) -> str:
        """SQL: SHA-256(salt ‖ closed text) as `bytea`; null after an erasure and where nothing is closed."""
        if not self.closed:
            return "NULL::bytea"
        return f"sha256({self.salt} || convert_to({self.closed_text()}, 'UTF8'))"

    def leaf_text(self, closed: str) -> str:
        """SQL: the text of the leaf, given an expression for the commitment to its closed columns."""
        columns = {
            "v": str(LEAF_FORM),
            "record": f"'{self.name}'",
            "id": "record.id",
            "workspace": "record.workspace_id",
            **self.open,
        }
        if self.erases:
            columns["erases"] = self.erases
        return json_text({**columns, "closed": f"encode({closed}, 'hex')"})


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let rows of this table be sealed from now on; to be called when the app that owns it is ready."""
    _sources[source.name] = source


def sources() -> tuple[Source, ...]:
    """All that were registered, in that order."""
    return tuple(_sources.values())


def source_named(name: str) -> Source | None:
    return _sources.get(name)


def instant(column: str) -> str:
    """SQL: a moment in UTC with microseconds, whatever the session's time zone."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def hexadecimal(column: str) -> str:
    """SQL: bytes as lower-case digits."""
    return f"encode({column}, 'hex')"


def json_text(columns: Mapping[str, str]) -> str:
    """SQL: these expressions as the text of one JSON object."""
    listed = ", ".join(f'{expression} AS "{name}"' for name, expression in columns.items())
    return f"(SELECT row_to_json(told)::text FROM (SELECT {listed}) AS told)"  # noqa: S608 - our own names


def leaf_digest(text: str) -> str:
    """SQL: the hash of a leaf with this text (RFC 6962: 0x00 before the data)."""
    return rf"sha256('\x00'::bytea || convert_to({text}, 'UTF8'))"


def largest_sealed(cursor: CursorWrapper, source: Source) -> int:
    """The largest id of this source that has a leaf; -1 before the first."""
    cursor.execute("SELECT coalesce(max(record_id), -1) FROM ledger_leaf WHERE source = %s", [source.name])
    return int(cursor.fetchone()[0])
