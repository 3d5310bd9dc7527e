"""What is vendored is what its maintainers published: each file is listed with its source, licence and hash."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"


def listed() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text())
    return entries


def test_every_vendored_file_has_the_hash_that_is_listed() -> None:
    changed = [
        entry["file"]
        for entry in listed()
        if base64.b64encode(hashlib.sha384((VENDOR / entry["file"]).read_bytes()).digest()).decode() != entry["sha384"]
    ]

    assert changed == []


def test_no_file_is_vendored_unlisted() -> None:
    there = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()} - {"manifest.json"}

    assert there == {entry["file"] for entry in listed()}


def test_every_package_brings_its_licence() -> None:
    packages = {entry["package"] for entry in listed()}

    assert all((VENDOR / package / "LICENSE").is_file() for package in packages)
    assert all(entry["licence"] and entry["version"] for entry in listed())
