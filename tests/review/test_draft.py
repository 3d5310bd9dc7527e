"""An output as a form: nothing touched, nothing changed; what is typed is what is said."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telareview.review.draft import LIST, OBJECT, BrokenForm, Draft, missing_fields
from telareview.review.shapes import Shape
from telareview.tela.wire import canonical_json, decode
from tests.review.browser import as_typed, sent_back
from tests.tasks.json_values import pairs, values

INVOICE = {
    "numero": "000123",
    "protocolo": 135260000000000123,
    "total": {"valor": Decimal("1234.50"), "frete": 0},
    "pago": False,
    "observacoes": None,
    "itens": [{"descricao": "Toner", "valor": Decimal("10.00")}, {"descricao": "Frete", "valor": 5}],
}
SCHEMA = {
    "type": "object",
    "properties": {
        "numero": {"type": "string", "title": "Número"},
        "protocolo": {"type": "integer"},
        "moeda": {"type": "string", "enum": ["BRL", "USD"]},
        "itens": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
    },
    "$defs": {
        "Item": {
            "type": "object",
            "properties": {"descricao": {"type": "string"}, "valor": {"type": "number"}, "ok": {"type": "boolean"}},
        }
    },
}


def said(form: dict[str, str], base: Any, shape: Shape | None = None) -> Any:
    draft = Draft.sent(form, base, shape or Shape())
    value = draft.value()
    assert draft.mistakes() == []
    return value


@given(values)
@settings(max_examples=1_000, deadline=None)
def test_a_form_nobody_touched_says_the_output_to_the_letter(value: Any) -> None:
    form = sent_back(Draft.of(value))

    assert canonical_json(said(form, value)) == canonical_json(value)


@given(pairs())
@settings(max_examples=500, deadline=None)
def test_a_form_of_an_edited_output_says_the_edited_one(pair: tuple[Any, Any]) -> None:
    base, edited = pair
    form = sent_back(Draft.of(edited, base=base))

    assert canonical_json(said(form, base)) == canonical_json(edited)


@given(st.text(alphabet=st.sampled_from("a\n\r\t \u2028é"), max_size=20))
def test_line_breaks_stay_as_they_were(text: str) -> None:
    assert said(sent_back(Draft.of({"a": text})), {"a": text}) == {"a": text}


def test_what_is_typed_is_said_with_every_digit() -> None:
    form = sent_back(Draft.of(INVOICE))
    form |= {
        "v/total/valor": "1234.560",
        "t/pago": "true",
        "t/observacoes": "text",
        "v/observacoes": "Conferido\r\nhoje",
    }
    form |= {"v/protocolo": "135260000000000124"}

    value = said(form, INVOICE)

    assert str(value["total"]["valor"]) == "1234.560"
    assert (value["pago"], value["observacoes"]) == (True, "Conferido\nhoje")
    assert value["protocolo"] == 135260000000000124
    assert str(value["itens"][0]["valor"]) == "10.00"


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?", fullmatch=True))
def test_every_number_keeps_the_digits_it_was_typed_with(text: str) -> None:
    form = sent_back(Draft.of({"a": 1})) | {"v/a": text}

    value = said(form, {"a": 1})["a"]

    assert Decimal(text).as_tuple().digits == Decimal(value).as_tuple().digits
    assert Decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "1,5", "1.234,56", "abc", "1.", ".5", "01", "NaN", "1e", "0x1", "١٢", "9" * 1_001]
)
def test_what_is_no_number_is_explained_and_kept(text: str) -> None:
    draft = Draft.sent(sent_back(Draft.of({"a": 1})) | {"v/a": text}, {"a": 1})

    assert draft.value() == {"a": 1}
    ((path, sentence),) = draft.mistakes()
    assert path == ("a",)
    assert "umber" in str(sentence)
    assert draft.root.children[0].text == text


@pytest.mark.parametrize("text", ["", "{", "{a: 1}", "[1] x", "NaN", "[" * 600 + "]" * 600])
def test_what_is_no_json_is_explained(text: str) -> None:
    draft = Draft.sent({"t": "json", "v": text}, {"a": 1})
    draft.value()

    assert len(draft.mistakes()) == 1


def test_an_item_taken_out_leaves_the_others_as_they_were() -> None:
    base = {"itens": [{"n": Decimal("1.0")}, {"n": Decimal("2.00")}, {"n": Decimal("3.000")}]}
    draft = Draft.sent(sent_back(Draft.of(base)), base)

    draft.remove("/itens/0")
    again = Draft.sent(sent_back(draft), base)

    assert canonical_json(again.value()) == '{"itens":[{"n":2.00},{"n":3.000}]}'


def test_a_new_item_has_the_fields_of_its_neighbours_and_wants_its_number() -> None:
    draft = Draft.of(INVOICE)
    draft.add("/itens")
    form = sent_back(draft)
    empty = Draft.sent(form, INVOICE)
    empty.value()

    assert form["o/itens/2"] == ""
    assert [path for path, _sentence in empty.mistakes()] == [("itens", 2, "valor")]
    form |= {"v/itens/2/descricao": "Café", "v/itens/2/valor": "7.50"}
    assert canonical_json(said(form, INVOICE)["itens"][2]) == canonical_json(
        {"descricao": "Café", "valor": Decimal("7.50")}
    )


def test_the_schema_says_what_a_new_item_has_and_which_fields_are_missing() -> None:
    shape = Shape.of(SCHEMA)
    draft = Draft.of({"numero": "1", "itens": []}, shape)

    assert missing_fields(draft.root) == ["protocolo", "moeda"]
    draft.add("/itens")
    draft.add("/moeda")

    item = draft.at("/itens/0")
    assert item is not None
    assert [(child.part, child.kind) for child in item.children] == [
        ("descricao", "text"),
        ("valor", "number"),
        ("ok", "false"),
    ]
    assert missing_fields(draft.root) == ["protocolo"]
    draft.remove("/moeda")
    assert missing_fields(draft.root) == ["protocolo", "moeda"]


def test_a_whole_number_is_wanted_where_the_schema_says_so_but_what_stood_there_stays() -> None:
    shape = Shape.of({"properties": {"n": {"type": "integer"}, "m": {"type": "integer"}}})
    base = {"n": 1, "m": Decimal("2.5")}
    draft = Draft.sent(sent_back(Draft.of(base, shape)) | {"v/n": "1.5"}, base, shape)
    draft.value()

    assert [path for path, _sentence in draft.mistakes()] == [("n",)]


def test_only_what_can_go_goes() -> None:
    draft = Draft.of(INVOICE)

    for place in ("/numero", "", "/nothing", "/itens/9"):
        with pytest.raises(BrokenForm):
            draft.remove(place)
    for place in ("/numero", "/nothing", "/itens/0"):
        with pytest.raises(BrokenForm):
            draft.add(place)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"t": "nonsense"}, id="an unknown kind"),
        pytest.param({"t/nothing/below": "text"}, id="a place in nothing"),
        pytest.param({"t/itens/7": "text"}, id="an item out of order"),
        pytest.param({"t/numero/x": "text"}, id="a field of a text"),
        pytest.param({"t/" + "x" * 3_000: "text"}, id="an endless place"),
    ],
)
def test_what_is_no_form_of_ours_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BrokenForm):
        Draft.sent(sent_back(Draft.of(INVOICE)) | change, INVOICE)


def test_a_form_without_the_output_is_refused() -> None:
    with pytest.raises(BrokenForm):
        Draft.sent({"v/numero": "1"}, INVOICE)


def test_long_and_deep_outputs_are_edited_as_json_in_part() -> None:
    long = {"a": 1, "itens": [{"n": n} for n in range(5_000)]}
    deep: Any = 1
    for _ in range(40):
        deep = {"a": deep}

    assert [node.kind for _path, node in Draft.of(long).walk()] == [OBJECT, "number", "json"]
    assert sum(1 for _ in Draft.of(deep).walk()) < 20
    assert Draft.of([[n] for n in range(5_000)]).root.kind == "json"
    for each in (long, deep):
        assert canonical_json(said(sent_back(Draft.of(each)), each)) == canonical_json(each)


def test_text_a_form_cannot_carry_is_edited_as_json() -> None:
    base = decode(b'{"a": "x\\u0000y", "b": "\\ud800", "c": "one\\rtwo"}')
    draft = Draft.of(base)

    assert [node.kind for node in draft.root.children] == ["json"] * 3
    assert canonical_json(said(sent_back(draft), base)) == canonical_json(base)
    assert as_typed("a\nb") == "a\r\nb"


@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.sampled_from(["object", "string", "#/$defs/a", "array"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "properties", "items", "anyOf", "$ref", "$defs", "enum", "a", "title"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=30,
    )
)
@settings(deadline=None)
def test_no_schema_breaks_the_form(schema: Any) -> None:
    shape = Shape.of(schema)
    draft = Draft.of(INVOICE, shape)

    assert canonical_json(said(sent_back(draft), INVOICE, shape)) == canonical_json(INVOICE)
    draft.add("/itens")


def test_a_schema_that_means_itself_ends() -> None:
    shape = Shape.of(
        {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}}}}
    )

    assert "x" in shape.properties
    assert LIST not in shape.types
