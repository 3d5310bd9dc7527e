"""Every pair of text and ground that the styles use is readable, in both themes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[2] / "static" / "css"

TEXT_RATIO = 4.5
CONTROL_RATIO = 3.0

SURFACES = ("paper", "sheet", "sunk", "tint")
COLOURS = ("accent", "amber", "green", "blue", "red", "violet")
THEMES = ("light", "dark")

#: Text on ground, as the rules in static/css combine them.
TEXT_PAIRS = [
    *product(("ink", "ink-2", "ink-3", *COLOURS), SURFACES),
    *((colour, f"{colour}-soft") for colour in COLOURS),
    *product(("ink", "ink-2"), [f"{colour}-soft" for colour in COLOURS]),
    ("on-accent", "accent"),
    ("paper", "ink"),
]
#: The edge of what can be written into, and the ring around what has the focus.
CONTROL_PAIRS = [*product(("edge", "accent"), ("paper", "sheet", "sunk"))]


@cache
def tokens() -> dict[str, tuple[str, str]]:
    """Token → its colour in the light and in the dark theme, as `#rrggbb`."""
    text = (STYLES / "telareview.css").read_text()
    first_root = text[text.index(":root {") : text.index("--font:")]
    pairs = re.findall(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)", first_root)
    return {name: (light, dark) for name, light, dark in pairs}


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_ratio_the_standard_names() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_is_readable_on_its_ground(text: str, ground: str, theme: str) -> None:
    at = THEMES.index(theme)

    ratio = contrast(tokens()[text][at], tokens()[ground][at])

    assert ratio >= TEXT_RATIO, f"--{text} on --{ground} in the {theme} theme has {ratio:.2f} : 1"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("line", "ground"), CONTROL_PAIRS)
def test_a_field_can_be_told_from_its_ground(line: str, ground: str, theme: str) -> None:
    at = THEMES.index(theme)

    ratio = contrast(tokens()[line][at], tokens()[ground][at])

    assert ratio >= CONTROL_RATIO, f"--{line} on --{ground} in the {theme} theme has {ratio:.2f} : 1"


def test_no_style_invents_a_colour_of_its_own() -> None:
    """A colour outside the tokens would be checked by nobody."""
    stray = [
        f"{name}: {colour}"
        for name in ("table.css", "pieces.css")
        for colour in re.findall(r"#[0-9a-f]{6}\b|rgb\(|hsl\(|oklch\(", (STYLES / name).read_text())
    ]

    assert stray == []


def test_every_token_that_is_used_exists() -> None:
    everything = "".join(path.read_text() for path in sorted(STYLES.glob("*.css")))
    used = set(re.findall(r"var\(--([\w-]+)\s*\)", everything))
    made = set(re.findall(r"--([\w-]+)\s*:", everything))

    assert used - made == set()
