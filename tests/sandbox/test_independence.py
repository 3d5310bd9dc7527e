"""The sandbox is a second reading of the contract: it knows nobody of the house and needs nothing installed."""

import ast
import sys
from pathlib import Path

ROOM = Path(__file__).parents[2] / "telareview" / "sandbox"


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def test_only_the_standard_library_and_itself_are_imported():
    names = {name for path in ROOM.rglob("*.py") for name in imported(path)}

    foreign = {
        name
        for name in names
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("telareview.sandbox")
    }

    assert len(names) > 20
    assert foreign == set()
