"""CSV read to the letter of RFC 4180: CRLF, commas, quotes doubled. Stricter than the `csv` module."""

import re

FIELD = re.compile(r'"((?:[^"]|"")*)"|([^",\r\n]*)')


def read(text: str) -> list[list[str | None]]:
    """The records; an empty cell without quotes is None. Raises ValueError where the text is anything else."""
    records: list[list[str | None]] = []
    place = 0
    while place < len(text):
        record: list[str | None] = []
        while True:
            found = FIELD.match(text, place)
            assert found is not None
            quoted, plain = found.groups()
            record.append(quoted.replace('""', '"') if quoted is not None else plain or None)
            place = found.end()
            if text.startswith("\r\n", place):
                place += 2
                break
            if not text.startswith(",", place):
                raise ValueError(f"neither comma nor line end at {place}: {text[place : place + 40]!r}")
            place += 1
        records.append(record)
    return records
