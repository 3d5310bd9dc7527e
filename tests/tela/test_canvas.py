"""What a Canvas version asks for."""

from uuid import UUID

import pytest

from telareview.sandbox import SandboxServer
from telareview.tela import NotFound, TelaClient, UnreadableReply
from telareview.tela.canvas import CanvasVersion, Variable, get_canvas_version

VERSION = "76065caa-c519-441a-8fe2-cc43e29664ab"
CONTRACTS = UUID("f51b2418-6fa0-417c-b059-b2c3d4e5f607")


def test_the_sandbox_tells_variables_in_order_and_the_shape_of_the_output():
    with SandboxServer(tasks=1) as sandbox, TelaClient(sandbox.url, sandbox.key) as tela:
        version = get_canvas_version(tela, CONTRACTS)

        assert [(each.name, each.type, each.required) for each in version.variables] == [
            ("document", "file", True),
            ("parte", "text", True),
            ("observacoes", "text", False),
        ]
        assert version.output_schema["type"] == "object"
        with pytest.raises(NotFound):
            get_canvas_version(tela, UUID(int=1))


def test_only_what_has_a_name_is_a_variable_and_each_name_counts_once():
    version = CanvasVersion.from_json(
        {
            "id": VERSION,
            "title": None,
            "variables": [
                {"name": "a", "type": "file", "required": True},
                {"name": ""},
                7,
                {"name": "a"},
                {"name": "b"},
            ],
            "configuration": [],
        }
    )

    assert version.variables == (
        Variable(name="a", type="file", required=True, description=""),
        Variable(name="b", type="", required=False, description=""),
    )
    assert (version.title, version.output_schema) == ("", None)


@pytest.mark.parametrize("raw", [None, [], {}, {"id": VERSION}, {"id": "x", "variables": []}])
def test_what_is_no_canvas_version_is_not_read_as_one(raw):
    with pytest.raises(UnreadableReply):
        CanvasVersion.from_json(raw)


@pytest.mark.parametrize("structured", [None, {}, {"enabled": False, "schema": {"type": "object"}}, {"schema": "x"}])
def test_an_output_without_a_fixed_shape_has_no_schema(structured):
    version = CanvasVersion.from_json(
        {"id": VERSION, "variables": [], "configuration": {"structuredOutput": structured}}
    )

    assert version.output_schema is None
