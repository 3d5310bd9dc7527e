"""Every word a reader can meet stands in the Portuguese catalogue, whole and compiled."""

import ast
import re
from functools import cache
from pathlib import Path

import polib  # type: ignore[import-untyped]
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"

#: What Python's own formatting puts a value into: `%(name)s`, `%d`, `{name}`; `%%` is a percent sign.
PLACEHOLDER = re.compile(r"%\([a-zA-Z_]\w*\)[#0\- +]*\d*[sdif]|%[sdif](?!\w)|\{[a-zA-Z_]*\}|%%")
#: Names of gettext functions as the code imports them.
ONE = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop"})
MANY = frozenset({"ngettext", "ngettext_lazy"})
IN_CONTEXT = frozenset({"pgettext", "pgettext_lazy"})

Said = tuple[str | None, str, str | None]


@cache
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def constants(call: ast.Call) -> list[str]:
    return [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


def said_in(tree: ast.AST) -> set[Said]:
    """(context, text, plural) of every gettext call."""
    found: set[Said] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = constants(node)
        if name in ONE and texts:
            found.add((None, texts[0], None))
        elif name in MANY and len(texts) > 1:
            found.add((None, texts[0], texts[1]))
        elif name in IN_CONTEXT and len(texts) > 1:
            found.add((texts[0], texts[1], None))
    return found


def said_in_template(text: str) -> set[Said]:
    """As `said_in`: Django turns a template into calls of gettext between rows of X."""
    calls = re.findall(r"(?:n|p|np)?gettext\((?:[^()\"']|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')*\)", templatize(text))
    return set().union(*(said_in(ast.parse(call, mode="eval")) for call in calls)) if calls else set()


def everything_said() -> set[Said]:
    sources = [path for path in (ROOT / "telareview").rglob("*.py") if "migrations" not in path.parts]
    said = set().union(*(said_in(ast.parse(path.read_text())) for path in sources))
    return said.union(*(said_in_template(path.read_text()) for path in (ROOT / "templates").rglob("*.html")))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_text_of_the_product_stands_in_the_catalogue() -> None:
    known = {(entry.msgctxt, entry.msgid, entry.msgid_plural or None) for entry in catalogue()}

    missing = sorted(text for context, text, plural in everything_said() if (context, text, plural) not in known)

    assert missing == [], (
        "run `./run manage makemessages -l pt_BR --no-location --no-obsolete --ignore var` and translate these"
    )


def test_the_search_for_texts_finds_those_of_templates_and_of_python() -> None:
    said = {text for _, text, _ in everything_said()}

    assert {"Search name, #reference, id", "%(number)s changed", "Waiting for review", "Nothing to compare"} <= said


def test_no_entry_is_empty_or_doubtful() -> None:
    unfinished = [entry.msgid for entry in catalogue() if entry.fuzzy or not all(translations(entry))]

    assert unfinished == []


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.msgid[:40])
def test_a_translation_has_the_placeholders_of_its_text(entry: polib.POEntry) -> None:
    texts = [entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid]
    wanted = {placeholder for text in texts for placeholder in PLACEHOLDER.findall(text)}

    for translation in translations(entry):
        assert set(PLACEHOLDER.findall(translation)) == wanted


def test_the_compiled_catalogue_says_the_same_as_the_written_one() -> None:
    def content(entries: polib.POFile | polib.MOFile) -> set[tuple[object, ...]]:
        return {(entry.msgctxt, entry.msgid, entry.msgid_plural, *translations(entry)) for entry in entries}

    assert content(polib.mofile(str(CATALOGUE.with_suffix(".mo")))) == content(catalogue())
