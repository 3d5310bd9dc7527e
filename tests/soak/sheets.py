"""20,000 hostile rows opened by LibreOffice: both delimiters, each read with both, and XLSX. No cell is a formula.

Needs `soffice` (LibreOffice Calc) on the machine, which nothing else of the project needs.
"""

import random
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

from django.http import QueryDict

from telareview.accounts.workspaces import ensure_default_workspace
from telareview.exports.plan import plan_export
from telareview.exports.spool import spool
from telareview.tasks.models import Task
from tests.exports.test_formulas import PIECES
from tests.tasks.cards import card

ROWS = 20_000
SEED = 20260301
FORMULA, CELL = re.compile(rb'table:formula="'), re.compile(rb"<table:table-cell[ >]")
CONVERT_SECONDS = 300
#: Separator, quotes, UTF-8, from line 1; formulas are to be evaluated (the 13th), which LibreOffice leaves by itself.
FILTER = "CSV:{},34,76,1,,0,false,true,false,false,false,0,true"


def main(options: list[str]) -> int:
    soffice = shutil.which("soffice")
    if soffice is None:
        print("LibreOffice is not on this machine (no soffice): nothing was tried.")
        return 1
    workspace = ensure_default_workspace()
    draw = random.Random(SEED)
    texts = ("".join(draw.choices(PIECES, k=draw.randint(0, 6))) for _ in range(ROWS))
    Task.objects.bulk_create((card(workspace, name=text, created_by=text[::-1], tags=[text]) for text in texts), 1_000)
    with tempfile.TemporaryDirectory() as name:
        return _tried(soffice, workspace, Path(name))


def _tried(soffice, workspace, folder: Path) -> int:
    control = folder / "control.csv"
    control.write_text('"=1+1","a;=1+1"\n')
    alive = sum(_formulas(soffice, control, delimiter)[0] for delimiter in ",;")
    print(f"A file without the guard: {alive} formula cells (2 are wanted, else the trial could not fail).")
    wrong = alive != 2
    for written in (",", ";"):
        for read in (",", ";"):
            plan = _plan(workspace, "excel", delimiter=written)
            spooled = spool(plan, folder / "tasks.csv")
            formulas, cells = _formulas(soffice, spooled.path, read)
            ways = f"written with “{written}”, read with “{read}”"
            print(f"{spooled.rows} rows {ways}: {formulas} of {cells} cells are formulas.")
            wrong |= bool(formulas) or cells < ROWS
    spooled = spool(_plan(workspace, "xlsx"), folder / "tasks.xlsx")
    formulas, cells = _formulas(soffice, spooled.path, "")
    print(f"{spooled.rows} rows as XLSX: {formulas} of {cells} cells are formulas.")
    return int(wrong or bool(formulas) or cells < ROWS)


def _plan(workspace, profile: str, **options):
    zone = ZoneInfo("America/Sao_Paulo")
    return plan_export(workspace, QueryDict("cols=name,createdBy,tags"), zone=zone, profile=profile, **options)


def _formulas(soffice: str, path: Path, delimiter: str) -> tuple[int, int]:
    """How many cells LibreOffice made formulas of, and how many it read."""
    words = [f"--infilter={FILTER.format(ord(delimiter))}"] if delimiter else []
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    subprocess.run(
        [soffice, profile, "--headless", *words, "--convert-to", "fods", "--outdir", str(path.parent), str(path)],
        check=True, capture_output=True, timeout=CONVERT_SECONDS,
    )  # fmt: skip
    made = path.with_suffix(".fods")
    text = made.read_bytes()
    made.unlink()
    return len(FORMULA.findall(text)), len(CELL.findall(text))
