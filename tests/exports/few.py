"""Few tasks are many."""

import dataclasses

from telareview.exports.profiles import PROFILES


def at_once(monkeypatch, rows: int) -> None:
    """Every kind of file is written while the browser waits up to so many tasks."""
    for name, profile in PROFILES.items():
        monkeypatch.setitem(PROFILES, name, dataclasses.replace(profile, direct_rows=rows))
