"""One line of a table of figures, and the table."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was measured, how it compares, and whether the comparison is as wanted."""

    what: str
    #: The measured value with its unit, as `23.4 ms`.
    measured: str
    #: How it compares with something measured in the same run, as `12 × faster than …`; "" without a comparison.
    compared: str = ""
    #: What is wanted, as `≤ 40 ms`; "" where the line is there for comparison only.
    wanted: str = ""
    met: bool | None = None

    @classmethod
    def at_most(cls, what: str, value: float, bound: float, unit: str, *, compared: str = "", digits: int = 1) -> Self:
        return cls(
            what=what,
            measured=f"{value:,.{digits}f} {unit}".strip(),
            compared=compared,
            wanted=f"≤ {bound:g} {unit}".strip(),
            met=value <= bound,
        )

    @classmethod
    def at_least(cls, what: str, value: float, bound: float, unit: str, *, compared: str = "", digits: int = 1) -> Self:
        return cls(
            what=what,
            measured=f"{value:,.{digits}f} {unit}".strip(),
            compared=compared,
            wanted=f"≥ {bound:g} {unit}".strip(),
            met=value >= bound,
        )

    @property
    def verdict(self) -> str:
        return {True: "yes", False: "NO", None: ""}[self.met]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


HEADS = ("what", "measured", "compared", "wanted", "met")


def table(title: str, figures: Sequence[Figure]) -> str:
    """A Markdown table with its columns aligned, so that it reads well on a terminal too."""
    rows = [HEADS, *((each.what, each.measured, each.compared, each.wanted, each.verdict) for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, _line(["-" * width for width in widths], widths))
    return "\n".join([f"## {title}", "", *lines, ""])


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
