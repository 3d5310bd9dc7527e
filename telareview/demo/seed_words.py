"""What seeded tasks are made of: people, names, apps, and how frequent each is. Weights add up to a hundred."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from telareview.tela import canonical_json

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
#: What a task has come to, `completed` also where the approval still lies ahead.
FATES = {"completed": 76, "validating": 14, "failed": 8, "cancelled": 2}
FIRMS = {
    "Lima & Filhos Ltda.": 30,
    "Transportadora São Jorge S.A.": 20,
    "Acme Corp": 20,
    "Metalúrgica Três Irmãos Ltda.": 15,
    'Café "Cerrado" \\ Exportadora': 10,
    "D'Ávila Advogados 🧾": 5,
}
TAGS = {
    (): 60,
    ("priority",): 15,
    ("reviewed",): 12,
    ("priority", "reviewed"): 8,
    ("lote-nov",): 4,
    ("dúvida, fiscal", 'com "aspas"'): 1,
}
#: The fields a reviewer corrects in one go.
CORRECTIONS = {("cliente",): 40, ("total.valor",): 30, ("vencimento",): 20, ("cliente", "total.valor"): 10}


class App(NamedTuple):
    name: str
    id: str
    version_id: str


INVOICES = App("Notas fiscais", "95cec438-6080-44fe-8275-28b16bd40178", "c2e8f1e5-3c7d-4e49-8d26-8f90a1b2c3d4")
CONTRACTS = App("Contratos", "b7d3a9f0-5e12-4c86-a4d9-0f1e2d3c4b5a", "f51b2418-6fa0-417c-b059-b2c3d4e5f607")
CLAIMS = App("Laudos médicos", "c8e4ba01-6f23-4d97-b5ea-102f3e4d5c6b", "173d463a-81c2-439e-927b-d4e5f6071829")
APPS = (INVOICES, CONTRACTS, CLAIMS)

#: A name is its beginning, a number and its end. None: the task comes from an agent, not from an app.
NAMES: dict[tuple[str, str, App | None], int] = {
    ("Nota-fiscal-2026-", ".pdf", INVOICES): 30,
    ("INV-", ".pdf", INVOICES): 22,
    ("Fatura Transportadora São Jorge ", ".pdf", INVOICES): 6,
    ("Contrato de prestação de serviços – Acme Corp (rev. ", ").docx", CONTRACTS): 14,
    ("Aditivo contratual nº ", ".pdf", CONTRACTS): 9,
    ("Laudo médico ", " – hemograma.pdf", CLAIMS): 13,
    ("Guia TISS ", ".xml", CLAIMS): 5,
    ("Extrato da conta ", ".ofx", None): 1,
}

#: A hundred rows: whatever is drawn from a column of them is as frequent as it stands there. `…_json` is the spelling
#: in a payload, of a name's parts without quotes.
SLOT_COLUMNS = {
    "slot": "bigint",
    "approver": "text",
    "approver_json": "text",
    "creator": "text",
    "creator_json": "text",
    "fate": "text",
    "firm_json": "text",
    "other_firm_json": "text",
    "tags": "text[]",
    "tags_json": "text",
    "corrections": "text[]",
    "beginning": "text",
    "ending": "text",
    "beginning_json": "text",
    "ending_json": "text",
    "app": "uuid",
    "app_version": "uuid",
    "agent": "text",
}
AGENT_ID = "5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d"


def slots() -> Iterator[tuple[Any, ...]]:
    """The rows of `SLOT_COLUMNS`."""
    shuffle = random.Random(7).shuffle  # noqa: S311 - the same world every time

    def spread[T](weights: dict[T, int]) -> list[T]:
        each = [choice for choice, weight in weights.items() for _ in range(weight)]
        shuffle(each)
        return each

    columns = zip(*map(spread, (APPROVERS, CREATORS, FATES, FIRMS, FIRMS, TAGS, CORRECTIONS, NAMES)), strict=True)  # type: ignore[arg-type]
    for slot, (approver, creator, fate, firm, other_firm, tags, corrections, name) in enumerate(columns):
        beginning, ending, app = name
        yield (
            *(slot, approver, canonical_json(approver), creator, canonical_json(creator), fate),
            *(canonical_json(firm), canonical_json(f"{other_firm} (matriz)"), list(tags), canonical_json(list(tags))),
            *(list(corrections), beginning, ending, canonical_json(beginning)[1:-1], canonical_json(ending)[1:-1]),
            *((UUID(app.id), UUID(app.version_id), None) if app else (None, None, AGENT_ID)),
        )
