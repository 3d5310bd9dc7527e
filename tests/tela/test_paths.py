import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.tela import parse_path

names = st.from_regex(r"[A-Za-zçãé_][\w -]{0,10}", fullmatch=True)
indexes = st.integers(0, 9999)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("cliente", ("cliente",)),
        ("a.b", ("a", "b")),
        ("a[0].b", ("a", 0, "b")),
        ("a.0.b", ("a", 0, "b")),
        ("/a/0/b", ("a", 0, "b")),
        (["a", 0, "b"], ("a", 0, "b")),
        (["a", "0", "b"], ("a", 0, "b")),
        ("itens[2][10]", ("itens", 2, 10)),
        ("[3].valor", (3, "valor")),
        ('a["b.c"].d', ("a", "b.c", "d")),
        ("a['it\\'s']", ("a", "it's")),
        ('a["0"]', ("a", "0")),
        ("/a~1b/c~0d", ("a/b", "c~d")),
        ("/a//b", ("a", "", "b")),
        ("endereço.rua", ("endereço", "rua")),
        ("valor total", ("valor total",)),
        ("nota.007", ("nota", "007")),
        ("nota.-1", ("nota", "-1")),
        ("a..b", ("a", "b")),
        ("a[", ("a[",)),
        ("itens[].x", ("itens[]", "x")),
        ("a[x].b", ("a[x]", "b")),
        ("a.99999999999999999999", ("a", "99999999999999999999")),
        ("a.٣", ("a", "٣")),
        ("", ()),
        (None, ()),
        (7, ()),
        ({"a": 1}, ()),
        (["a", None], ()),
        (["a", True], ()),
    ],
)
def test_every_notation_gives_its_parts(raw, parts):
    read = parse_path(raw)

    assert read == parts
    assert [type(part) for part in read] == [type(part) for part in parts]


@given(st.lists(names | indexes, min_size=1, max_size=6))
def test_all_notations_of_one_path_agree(parts):
    dotted = ".".join(str(part) for part in parts)
    bracketed = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    pointer = "".join(f"/{part}" for part in parts)
    quoted = "".join(f"[{part}]" if isinstance(part, int) else f"[{json.dumps(part)}]" for part in parts)

    assert {parse_path(form) for form in (dotted, bracketed, pointer)} == {tuple(parts)}
    assert parse_path(parts) == tuple(parts)
    assert parse_path(quoted.replace("\\u", "u")) == tuple(
        part if isinstance(part, int) else json.dumps(part)[1:-1].replace("\\u", "u") for part in parts
    )


@given(any_json)
def test_nothing_makes_it_fail(raw):
    assert all(type(part) in (str, int) for part in parse_path(raw))
