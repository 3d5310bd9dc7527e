"""Tasks with outputs of 5 MB on either side: the comparison, their pages, and a browser that shows them."""

from typing import Any

from tests.bench.figures import Figure
from tests.bench.mirrors import Mirrors, measured, say

MOST_DIFF_SECONDS = 1.5
#: From the request to the last byte, and of markup.
MOST_PAGE_SECONDS = 5
MOST_PAGE_MEGABYTES = 3
#: In which a browser answers to nothing, and from the first byte until the page can be used.
MOST_LONGEST_MS = 500
MOST_INTERACTIVE_MS = 2_000
MEGA = 1_000_000
SETTINGS = "telareview.settings"


def figures(mirrors: Mirrors, _tasks: int) -> list[Figure]:
    say("Tasks with outputs of 5 MB on either side …")
    found = measured("large_pages", database=mirrors.fresh("large"), settings=SETTINGS)
    return [line for shape, of in found.items() for line in _lines(shape, of)]


def _lines(shape: str, of: dict[str, Any]) -> list[Figure]:
    pages, browser = of["pages"], of["browser"]
    download = f"its download {pages['download']['seconds']:.2f} s"
    shown = {name: page for name, page in pages.items() if name != "download"}
    return [
        Figure.at_most(
            f"{shape}: diff of two outputs of 5 MB",
            of["core"],
            MOST_DIFF_SECONDS,
            "s",
            compared=f"the payload has {of['payload'] / MEGA:.1f} MB, {download}",
            digits=2,
        ),
        _most(f"{shape}: slowest page, server", shown, "seconds", 1, MOST_PAGE_SECONDS, "s"),
        _most(f"{shape}: largest page", shown, "bytes", MEGA, MOST_PAGE_MEGABYTES, "MB"),
        _most(f"{shape}: longest stretch without an answer, browser", browser, "longest", 1, MOST_LONGEST_MS, "ms"),
        _most(
            f"{shape}: from the first byte to a page to use, browser",
            browser,
            "interactive",
            1,
            MOST_INTERACTIVE_MS,
            "ms",
        ),
    ]


def _most(
    what: str, pages: dict[str, dict[str, float]], figure: str, unit_size: float, bound: float, unit: str
) -> Figure:
    """The page that has the most of something, the others beside it."""
    told = sorted(((page[figure] / unit_size, name) for name, page in pages.items()), reverse=True)
    digits = 0 if unit == "ms" else 2
    return Figure.at_most(
        what,
        told[0][0],
        bound,
        unit,
        compared=", ".join(f"{name} {value:.{digits}f}" for value, name in told),
        digits=digits,
    )
