"""Believable tasks in bulk, for trying and measuring large mirrors: made by PostgreSQL itself, some thousand at a time.

What is made is what pulling the same tasks would have made: the payload is canonical JSON, hash and commitment are
true of it, the facts are derived from it (`tests/demo/test_seeding.py` holds each of these against the mirror's own
code). A task's content follows from its number alone.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.tasks.mirror import CARD_COLUMNS, INDEX_COLUMNS, VERSION_COLUMNS, Look, record_gone
from telareview.tasks.models import AppName, Learned, OutputIndex, Payload, Task, TaskVersion
from telareview.tela import canonical_json

#: What one statement makes: large enough that statements cost nothing, small enough for a lively progress bar.
CHUNK_TASKS = 20_000
SPAN = dt.timedelta(days=400)
#: Of a thousand tasks so many arrive in one go, at one instant, and are approved at one instant.
BULK_TASKS = 150
#: Out of a hundred: approved tasks that were revised; and in a thousand: tasks that Tela no longer serves.
REVISED_PERCENT, GONE_PERMILLE = 35, 2

APPROVERS = {
    "ana.souza@acme.example": 22,
    "rui.melo@acme.example": 18,
    "beatriz.nogueira@acme.example": 12,
    "carlos.andrade@acme.example": 10,
    "daniela.prado@acme.example": 9,
    "emily.clark@acme.example": 8,
    "fabio.teixeira@acme.example": 6,
    "grace.oneill@acme.example": 5,
    "helena.vasconcelos@acme.example": 4,
    "joão.araújo@acme.example": 3,
    "marina+fiscal@acme.example": 2,
    "tom.o'brien@acme.example": 1,
}
CREATORS = {"api@acme.example": 70, "scanner@acme.example": 20, "lucia.ramos@acme.example": 10}
STATUSES = {"completed": 74, "validating": 15, "failed": 7, "running": 2, "cancelled": 1, "created": 1}
FIRMS = (
    *("Lima & Filhos Ltda.", "Transportadora São Jorge S.A.", "Acme Corp", "Metalúrgica Três Irmãos Ltda."),
    *("Northwind Logistics Ltd", "Clínica Santa Cecília", "D'Ávila Advogados", "Café “Cerrado” \\ Exportadora"),
)
TAGS = ((), (), (), ("priority",), ("reviewed",), ("priority", "reviewed"), ("lote-nov",), ("dúvida, fiscal",))
#: Which fields a reviewer corrects together; the paths of one entry in order.
REVISIONS = (("cliente",), ("total.valor",), ("vencimento",), ("cliente", "total.valor"))


class App(NamedTuple):
    name: str
    id: UUID
    version: UUID


INVOICES = App("Notas fiscais", UUID(int=0x95CEC438_6080_44FE_8275_28B16BD40178), UUID(int=0x76065CAA << 96 | 5))
CONTRACTS = App("Contratos", UUID(int=0xB7D3A9F0_5E12_4C86_A4D9_0F1E2D3C4B5A), UUID(int=0xE40A1307 << 96 | 2))
CLAIMS = App("Laudos médicos", UUID(int=0xC8E4BA01_6F23_4D97_B5EA_102F3E4D5C6B), UUID(int=0x062C3529 << 96 | 3))


class NamePattern(NamedTuple):
    """A name is the beginning, a number and the end; its app goes with it (None: an agent's task)."""

    beginning: str
    end: str
    app: App | None


PATTERNS = {
    NamePattern("Nota-fiscal-2026-", ".pdf", INVOICES): 30,
    NamePattern("INV-", ".pdf", INVOICES): 22,
    NamePattern("Fatura Transportadora São Jorge ", ".pdf", INVOICES): 6,
    NamePattern("Contrato de prestação de serviços – Acme Corp (rev. ", ").docx", CONTRACTS): 14,
    NamePattern("Aditivo contratual nº ", ".pdf", CONTRACTS): 9,
    NamePattern("Laudo médico ", " – hemograma.pdf", CLAIMS): 13,
    NamePattern("Guia TISS ", ".xml", CLAIMS): 5,
    NamePattern("Extrato da conta ", ".ofx", None): 1,
}

#: Facts of a chunk of tasks, one row each, and the parts of their payload that no version changes.
SEEDED = """
CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS
WITH numbered AS (
    SELECT n AS reference, n %% 1000 < %(bulk)s AS in_bulk,
        %(anchor)s - %(span)s * (1 - (n - n %% 1000 + CASE WHEN n %% 1000 < %(bulk)s THEN 0 ELSE n %% 1000 END
            - %(first)s)::float8 / %(total)s) AS created,
        md5(%(workspace)s || ' task ' || n)::uuid AS task_id, md5(%(workspace)s || ' run ' || n)::uuid AS run_id,
        {draws}
    FROM generate_series(%(start)s::bigint, %(stop)s::bigint) AS n
), placed AS (
    SELECT *, least(date_trunc('milliseconds', created), %(anchor)s - interval '2 minutes') AS created_at,
        CASE WHEN in_bulk THEN 'completed' ELSE (%(statuses)s::text[])[1 + d1 %% 100] END AS wanted
    FROM numbered
), lived AS (
    SELECT *, created_at + CASE WHEN in_bulk THEN interval '26 hours' ELSE interval '2 minutes'
            + date_trunc('milliseconds', interval '5 days' * (d2 / 1048576.0) ^ 4) END AS reviewed_at,
        created_at + date_trunc('milliseconds', interval '1 second' + interval '80 seconds' * (d3 / 1048576.0))
            AS finished_at
    FROM placed
), told AS (
    SELECT *, CASE WHEN wanted = 'completed' AND reviewed_at > %(anchor)s THEN 'validating' ELSE wanted END AS status
    FROM lived
), reviewed AS (
    SELECT *, status = 'completed' AS approved, status = 'completed' AND d4 %% 100 < %(revised)s AS revised,
        CASE WHEN status = 'completed' THEN reviewed_at ELSE finished_at END AS updated_at,
        -- One in fifty of those that wait was approved once; Tela lets the name and the moment stand.
        status = 'completed' OR status = 'validating' AND d4 %% 50 = 0 AND reviewed_at <= finished_at AS signed,
        1 + d5 %% 100 AS by_whom, 1 + d6 %% 100 AS by_creator, 1 + d7 %% 100 AS pattern,
        1 + d8 %% {tag_choices} AS tagged, 1 + d9 %% {revision_choices} AS revision
    FROM told
)
SELECT reviewed.*, (%(beginnings)s::text[])[pattern] || lpad((d2 %% 90000)::text, 5, '0') || (%(ends)s::text[])[pattern] AS name
FROM reviewed
"""
