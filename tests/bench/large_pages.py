"""How a task with outputs of megabytes is shown: `python -m tests.bench.large_pages`, which prints JSON.

DATABASE_URL names an empty database with every table. Of each shape (`tests.tasks.large`) one task is mirrored twice:
waiting for review as the model made it, then approved with revisions; and one that still waits. Each page is asked for
in this process, and then by a headless Chromium from the web server.
"""

import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import django

#: The review page is for those who may write.
os.environ["TELA_ALLOW_WRITES"] = "1"
django.setup()

from django.db import connection  # noqa: E402 - needs the settings that setup() reads
from playwright.sync_api import Browser, Page, Playwright, sync_playwright  # noqa: E402

from telareview.accounts.models import Workspace  # noqa: E402
from telareview.accounts.workspaces import ensure_default_workspace  # noqa: E402
from telareview.demo.browser import FLAGS, find_chromium  # noqa: E402
from telareview.tasks.diff import diff  # noqa: E402
from telareview.tasks.models import Payload  # noqa: E402
from telareview.tela.wire import decode  # noqa: E402
from tests.bench.list_page import Reader  # noqa: E402
from tests.bench.timing import memory, reset_peak, timed  # noqa: E402
from tests.bench.web import Web, web_server  # noqa: E402
from tests.tasks.large import SHAPES  # noqa: E402
from tests.tasks.records import NOON, approved, mirrored, stamp, task_id, task_json  # noqa: E402

SIZE = 5_000_000
TIMES = 2
ROLE = "admin"
TABS = {
    "changes": "/tasks/{revised}/changes/",
    "compare": "/tasks/{revised}/compare/?against=1&version=2",
    "summary": "/tasks/{revised}/summary/",
    "input": "/tasks/{revised}/input/",
    "raw": "/tasks/{revised}/raw/",
    "history": "/tasks/{revised}/history/",
    "review": "/tasks/{waiting}/review/",
    "list": "/tasks/?output.texto=x",
    "download": "/tasks/{revised}/raw.json",
}
#: Milliseconds until the page has loaded, and the longest stretch in which it answered to nothing.
WATCH = """
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration);
  }).observe({type: "longtask", buffered: true});
"""
FIGURES = """() => {
  const loading = performance.getEntriesByType("navigation")[0];
  return {
    server: loading.responseEnd - loading.requestStart,
    interactive: loading.domContentLoadedEventEnd - loading.responseStart,
    loaded: loading.loadEventEnd - loading.startTime,
    longest: window.longest,
    elements: document.querySelectorAll("*").length,
  };
}"""
SETTLE_MS = 500


def fill(workspace: Workspace, number: int, shape: str) -> dict[str, str]:
    """Mirror the tasks of a shape; their ids."""
    original, current = ({"role": "assistant", "content": each} for each in SHAPES[shape](SIZE))
    raw_input = {"variables": {"document": SHAPES[shape](SIZE // 5)[0]}}
    whole: dict[str, Any] = {
        "name": f"{shape}.pdf",
        "originalOutputContent": original,
        "rawInput": raw_input,
        "inputContent": None,
    }
    mirrored(workspace, task_json(number, outputContent=original, **whole), at=NOON)
    later = {"updatedAt": stamp(NOON + dt.timedelta(days=1)), "outputContent": current}
    mirrored(workspace, approved(number, "itens[0].valor", **{**whole, **later}), at=NOON + dt.timedelta(days=2))
    mirrored(workspace, task_json(number + 1, outputContent=original, **whole), at=NOON)
    return {"revised": str(task_id(number)), "waiting": str(task_id(number + 1))}


def core(shape: str) -> float:
    """Seconds that the comparison alone takes, values decoded as for a page."""
    left, right = (decode(json.dumps(each).encode()) for each in SHAPES[shape](SIZE))
    return timed(lambda: diff(left, right), times=TIMES, warm=1).samples[0] / 1000


def pages(ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, address in TABS.items():
        yield name, address.format(**ids)


def asked(reader: Reader, path: str) -> dict[str, float]:
    """Seconds of the page (the best of some: what it takes, without what else the machine does), bytes, and memory."""
    before = reset_peak(_own())
    body = reader.get(path)
    peak = memory(_own(), "VmHWM") - before
    timing = timed(partial(reader.get, path), times=TIMES, warm=0)
    return {"seconds": timing.samples[0] / 1000, "bytes": len(body.encode()), "memory": peak}


def _own() -> int:
    return int(Path("/proc/self").resolve().name)


def seen(page: Page, address: str) -> dict[str, float]:
    """The page at a browser; it is left again, so that the next one begins with nothing."""
    page.goto(address, wait_until="load")
    page.wait_for_timeout(SETTLE_MS)
    figures: dict[str, float] = page.evaluate(FIGURES)
    began = time.perf_counter()
    page.mouse.wheel(0, 4_000)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    figures["scroll"] = (time.perf_counter() - began) * 1000
    page.goto("about:blank")
    return figures


def launched(playwright: Playwright) -> Browser:
    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("No Chromium found: install it, or set TELAREVIEW_CHROMIUM to its path.")
    return playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])


def at_a_browser(web: Web, addresses: dict[str, dict[str, str]]) -> dict[str, dict[str, dict[str, float]]]:
    name, value = web.cookie.split("=", 1)
    origin = f"http://127.0.0.1:{web.port}"
    with sync_playwright() as playwright, launched(playwright) as browser:
        context = browser.new_context(viewport={"width": 1360, "height": 900}, base_url=origin)
        context.set_default_timeout(120_000)
        context.add_init_script(WATCH)
        context.add_cookies([{"name": name, "value": value, "url": origin}])
        page = context.new_page()
        seen(page, "/tasks/")
        return {
            shape: {name: seen(page, address) for name, address in tabs.items() if name != "download"}
            for shape, tabs in addresses.items()
        }


def main() -> None:
    workspace = ensure_default_workspace()
    Workspace.objects.filter(pk=workspace.pk).update(allow_writes=True)
    reader = Reader(connection.settings_dict["NAME"], ROLE)
    found: dict[str, Any] = {}
    addresses: dict[str, dict[str, str]] = {}
    for number, shape in enumerate(SHAPES):
        addresses[shape] = dict(pages(fill(workspace, 10 * number + 1, shape)))
        largest = max(len(text) for text in Payload.objects.order_by("-pk").values_list("text", flat=True)[:3])
        found[shape] = {
            "core": core(shape),
            "payload": largest,
            "pages": {name: asked(reader, path) for name, path in addresses[shape].items()},
        }
    with web_server(reader.cookie) as web:
        for shape, tabs in at_a_browser(web, addresses).items():
            found[shape]["browser"] = tabs
    print(json.dumps(found))


if __name__ == "__main__":
    main()
