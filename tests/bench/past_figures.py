"""The list as of a moment, and the feed of all changes, over many versions."""

import sys
from typing import Any

from tests.bench.figures import Figure
from tests.bench.mirrors import Mirrors, measured, say

VERSIONS = 3
MOST_LIST_MILLISECONDS = 300
MOST_FEED_MILLISECONDS = 300
SETTINGS = "telareview.settings"


def as_of_figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    say(f"The list as of random moments over {tasks:,} tasks, {VERSIONS} versions each …")
    found = measured("past_pages", "list", database=mirrors.seeded(tasks, VERSIONS), settings=SETTINGS)
    return _lines("list as of a moment", found, MOST_LIST_MILLISECONDS)


def history_figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    say(f"The feed of changes over {tasks:,} tasks, {VERSIONS} versions each …")
    database = mirrors.seeded(tasks, VERSIONS)
    found = measured("past_pages", "history", database=database, settings=SETTINGS)
    written = measured("writing", database=database, settings=SETTINGS)
    return [*_lines("page of the feed", found, MOST_FEED_MILLISECONDS), *_shares(written)]


def _shares(written: dict[str, dict[str, float]]) -> list[Figure]:
    """What is derived from the versions, of the time in which pages of a pull are mirrored."""
    return [
        Figure(
            what=f"{derived}, of mirroring {name} tasks",
            measured=f"{100 * page[derived] / page['seconds']:.1f} %",
            compared=f"{page['tasks'] / page['seconds']:,.0f} tasks/s, 100 a page, no call made",
        )
        for name, page in written.items()
        for derived in ("former cards", "horizon", "doers")
    ]


def _lines(what: str, found: dict[str, Any], bound: int) -> list[Figure]:
    warm, cold = found["warm"], found["cold"]
    compared = f"p50 {warm['p50']:.1f} ms, slowest {warm['most']:.0f} ms; at first sight p95 {cold['p95']:.0f} ms"
    for each in found["slowest"]:
        print(f"  {each['warm']:7.0f} ms  {each['address']}", file=sys.stderr)
    return [
        Figure.at_most(f"{what}, random, p95", warm["p95"], bound, "ms", compared=compared),
        *(
            Figure(what=f"{what}, {name}, p50 / p95", measured=f"{each['p50']:.1f} / {each['p95']:.1f} ms")
            for name, each in found["filters"].items()
        ),
    ]
