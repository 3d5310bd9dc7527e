"""Webhook calls: what a storm of them leaves, how quickly they are acknowledged, and when their news is visible."""

from typing import Any

from tests.bench.figures import Figure
from tests.bench.mirrors import Mirrors, measured, say

DATABASE = "webhooks"
SETTINGS = "telareview.settings"
STEADY_SECONDS = 60
MOST_ACKNOWLEDGE_MILLISECONDS = 100
MOST_VISIBLE_SECONDS = 5


def figures(mirrors: Mirrors, calls: int) -> list[Figure]:
    """`calls` are those of the storm."""
    say(f"A storm of {calls:,} webhook calls …")
    storm = measured("webhook_calls", "storm", str(calls), database=mirrors.fresh(DATABASE), settings=SETTINGS)
    seconds = STEADY_SECONDS
    live = measured("webhook_calls", "live", str(seconds), database=mirrors.fresh(DATABASE), settings=SETTINGS)
    for wrong in storm["wrongs"][:20]:
        say(wrong)
    return [*_storm(storm), *_visible(live["visible"]), *_calls(live), *_after(live)]


def _storm(storm: dict[str, Any]) -> list[Figure]:
    failures = sum(count for status, count in storm["statuses"].items() if status.startswith("5"))
    answers = ", ".join(f"{count:,} × {status}" for status, count in storm["statuses"].items())
    asked = f"{storm['stored']:,} stored, {storm['questions']:,} questions to Tela, {storm['changes']:,} versions"
    return [
        Figure.at_most(
            f"storm of {storm['calls']:,} calls: anything wrong (unconfirmed states, lost calls, questions too close)",
            len(storm["wrongs"]),
            0,
            "",
            compared=asked,
            digits=0,
        ),
        Figure.at_most("storm: answers of 500 and more", failures, 0, "", compared=answers, digits=0),
        Figure.at_most("storm: questions to another workspace", storm["foreign questions"], 0, "", digits=0),
    ]


def _visible(visible: dict[str, Any]) -> list[Figure]:
    compared = f"p50 {visible['p50'] / 1000:.2f} s, at most {visible['most'] / 1000:.2f} s, {visible['calls']} changes"
    return [
        Figure.at_most(
            "change in Tela to state in the mirror, p95",
            visible["p95"] / 1000,
            MOST_VISIBLE_SECONDS,
            "s",
            compared=compared,
            digits=2,
        ),
        Figure.at_most("changes that did not come", visible["missing"], 0, "", digits=0),
    ]


def _calls(live: dict[str, Any]) -> list[Figure]:
    lines = []
    for name, what in (("steady", "50 calls a second"), ("killed", "the same while processes are killed")):
        calls = live[name]
        answers = ", ".join(f"{count:,} × {status}" for status, count in calls["statuses"].items())
        control = f"GET /healthz meanwhile: p50 {calls['control']['p50']:.1f}, p99 {calls['control']['p99']:.1f} ms"
        compared = f"p50 {calls['p50']:.1f} ms, at most {calls['most']:.0f} ms; {answers}; {control}"
        if name == "steady":
            bound = MOST_ACKNOWLEDGE_MILLISECONDS
            lines.append(Figure.at_most(f"{what}: acknowledged, p99", calls["p99"], bound, "ms", compared=compared))
        else:
            lines.append(Figure(what=f"{what}: p99", measured=f"{calls['p99']:.1f} ms", compared=compared))
        drained = (
            f"all processed {calls['drained']:.1f} s later" if calls["drained"] is not None else "not all processed"
        )
        lines.append(
            Figure.at_most(
                f"{what}: acknowledged and not stored, or never processed",
                calls["lost"] + (calls["drained"] is None),
                0,
                "",
                compared=drained,
                digits=0,
            )
        )
    return lines


def _after(live: dict[str, Any]) -> list[Figure]:
    closest = live["closest questions"]
    return [
        Figure.at_least(
            "least time between two questions about one task",
            live["spacing"] if closest is None else closest,
            live["spacing"],
            "s",
            digits=2,
        ),
        Figure.at_most("versions told twice", live["doubled"], 0, "", digits=0),
    ]
