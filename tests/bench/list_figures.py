"""The list page over a large and a small mirror, and what is wanted of it."""

from typing import Any
from urllib.parse import urlsplit

from tests.bench.figures import Figure
from tests.bench.mirrors import Mirrors, measured, say

SMALL = 10_000
#: With Django's change list beside our own pages.
SETTINGS = "tests.bench.settings"
MOST_MILLISECONDS = 40
MOST_STATEMENTS = 12
#: Where connections are kept, Django asks once a request whether this one still lives.
HEALTH_CHECK = 1
LEAST_TIMES_FASTER = 10
#: From the small to the large mirror the time grows by less than half.
MOST_GROWTH = 1.5
BOUND_PAGES = ("first page", "filtered page", "last page", "page before the last")


def figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    small, large = mirrors.seeded(SMALL), mirrors.seeded(tasks)
    say(f"List page over {tasks:,} tasks, beside one over {SMALL:,} and Django's change list …")
    found = measured("list_page", _name_of(small), database=large, settings=SETTINGS)
    return [*_pages(found), *_every_order(found), *_statements(found), *_growth(found), *_beside_admin(found)]


def _name_of(database: str) -> str:
    return urlsplit(database).path.removeprefix("/")


def _pages(much: dict[str, Any]) -> list[Figure]:
    lines = []
    for name, page in much["pages"].items():
        bare, http = much["bare"][name], much["http"][name]
        compared = (
            f"p50 {page['p50']:.1f} ms; {page['in database']:.1f} ms in SQL; the page's rows by bare SQL "
            f"{bare['p50']:.1f} ms; over HTTP {http['p50']:.1f} / {http['p95']:.1f} ms"
        )
        lines.append(_page(f"{name}, p95", page["p95"], compared, bound=name in BOUND_PAGES))
    for name, label in (
        ("walk on", "50 pages by the link Next, p95"),
        ("walk back", "50 pages back from the end, p95"),
    ):
        lines.append(_page(label, much[name]["p95"], f"p50 {much[name]['p50']:.1f} ms", bound=True))
    return lines


def _page(what: str, milliseconds: float, compared: str, *, bound: bool) -> Figure:
    if bound:
        return Figure.at_most(what, milliseconds, MOST_MILLISECONDS, "ms", compared=compared)
    return Figure(what=what, measured=f"{milliseconds:.1f} ms", compared=compared)


def _every_order(much: dict[str, Any]) -> list[Figure]:
    """For each page size the slowest of nine orders, both ways, at both ends."""
    lines = []
    for size in (25, 50, 100):
        of_size = {name: page for name, page in much["orders"].items() if name.endswith(f" {size}")}
        slowest = max(of_size, key=lambda name: of_size[name]["p50"])
        quickest = min(of_size, key=lambda name: of_size[name]["p50"])
        lines.append(
            Figure(
                what=f"slowest of {len(of_size)} orders and ends, {size} rows, p50 / p95",
                measured=f"{of_size[slowest]['p50']:.1f} / {of_size[slowest]['p95']:.1f} ms",
                compared=f"{slowest}; the quickest, {quickest}: {of_size[quickest]['p50']:.1f} ms",
            )
        )
    return lines


def _statements(much: dict[str, Any]) -> list[Figure]:
    counts = [page["statements"] + HEALTH_CHECK for page in (*much["orders"].values(), *much["pages"].values())]
    return [
        Figure.at_most(
            "SQL statements of a page, at most",
            max(counts),
            MOST_STATEMENTS,
            "",
            compared=f"at least {min(counts)}; 25, 50 and 100 rows alike; 1 of them asks whether the connection lives",
            digits=0,
        )
    ]


def _growth(much: dict[str, Any]) -> list[Figure]:
    return [
        Figure.at_most(
            f"{name}: time over {much['tasks']:,} tasks to time over {SMALL:,}, in turns",
            sizes["large"]["p50"] / sizes["small"]["p50"],
            MOST_GROWTH,
            "×",
            compared=f"p50 {sizes['small']['p50']:.1f} → {sizes['large']['p50']:.1f} ms",
            digits=2,
        )
        for name, sizes in much["growth"].items()
        if name in BOUND_PAGES
    ]


def _beside_admin(much: dict[str, Any]) -> list[Figure]:
    return [
        Figure.at_least(
            f"{name}: Django admin's time to ours, in turns",
            pair["admin"]["p50"] / pair["ours"]["p50"],
            LEAST_TIMES_FASTER,
            "×",
            compared=f"p50 {pair['ours']['p50']:.1f} against {pair['admin']['p50']:.1f} ms",
        )
        for name, pair in much["beside admin"].items()
    ]
