"""Templates keep to what the Content-Security-Policy allows, to the drawn family of icons, and to gettext."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))

TAGS = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)

ids = [str(path.relative_to(ROOT / "templates")) for path in TEMPLATES]


def icons_drawn() -> set[str]:
    return set(re.findall(r'<symbol id="i-([\w-]+)"', (ROOT / "templates/web/_icons.html").read_text()))


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_a_template_holds_no_inline_code_or_style(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "an inline script"
    assert not re.search(r"<style\b|\sstyle=", text), "an inline style"
    assert not re.search(r"\son\w+=[\"']", text), "an inline handler"
    assert not re.search(r"\bhx-on\b|javascript:|hx-vals=.js:", text), "code that htmx would evaluate"


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_a_template_trusts_no_text(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape off|\|\s*safeseq\b", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_icon_that_is_used_is_drawn(path: Path) -> None:
    used = {name for name in re.findall(r'href="#i-([\w-]+)"', path.read_text()) if "{" not in name}

    assert used - icons_drawn() == set()


def test_every_entry_of_the_navigation_has_an_icon() -> None:
    from telareview.web.context import ENTRIES

    assert {entry.name for entry in ENTRIES} - icons_drawn() == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_word_on_a_page_can_be_translated(path: Path) -> None:
    """What is left of a template without tags and markup holds no word, but for names and units."""
    text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"<(svg|kbd|code|samp)\b.*?</\1>", "", text, flags=re.DOTALL)
    bare = re.sub(r"<[^>]*>", " ", TAGS.sub("", text))

    words = set(re.findall(r"[A-Za-zÀ-ÿ]{2,}", bare)) - {
        "telareview",
        "Tela",
        "nbsp",
        "UTC",
        "Aa",
        "JSON",
        "CSV",
        "SHA",
    }

    assert words == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_label_in_an_attribute_can_be_translated(path: Path) -> None:
    text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", path.read_text(), flags=re.DOTALL)
    bare = TAGS.sub("", text)

    found = re.findall(r"\b(?:aria-label|title|placeholder|alt|data-label)=([\"'])([^\"']*[A-Za-z]{3,}[^\"']*)\1", bare)

    assert found == []


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.name for path in SCRIPTS])
def test_a_script_evaluates_nothing_and_writes_no_markup(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"\beval\(|new Function|\.innerHTML|insertAdjacentHTML|outerHTML\s*=|document\.write", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), "an address that leads out"
