"""Random questions at a large mirror, and what is wanted of the slowest."""

import sys

from telareview.web.database import WEB_STATEMENT_SECONDS
from tests.bench.figures import Figure
from tests.bench.mirrors import Mirrors, measured, say

VERSIONS = 3
SETTINGS = "telareview.settings"


def figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    say(f"Random questions at {tasks:,} tasks, {VERSIONS} versions each …")
    found = measured("random_pages", database=mirrors.seeded(tasks, VERSIONS), settings=SETTINGS)
    for kind, figure in (("failed", "seconds"), ("by statement", "statement"), ("by page", "seconds")):
        for each in found[kind]:
            print(f"  {kind:12} {each[figure]:6.2f} s  {each['status']}  {each['address']}", file=sys.stderr)
    seconds, pages = found["seconds"], found["pages"]
    slowest, longest = found["by statement"][0], found["by page"][0]
    told = ", ".join(f"p{share} {seconds[min(pages - 1, pages * share // 100)]:.2f} s" for share in (50, 95, 99))
    return [
        Figure.at_most(
            f"pages that failed or were cancelled, of {pages:,}", len(found["failed"]), 0, "", compared=told, digits=0
        ),
        Figure.at_most(
            "slowest statement", slowest["statement"], WEB_STATEMENT_SECONDS, "s", compared=slowest["address"], digits=2
        ),
        Figure(what="slowest page", measured=f"{longest['seconds']:.2f} s", compared=longest["address"]),
    ]
