"""The apps of the workspace, and the Canvas versions each of them ran on.

Ids are the same in every world, so that examples can name them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CanvasVersion:
    id: str
    number: int
    #: Share of the world's time span after which this version went live (0 = from the start).
    live_from: float
    #: False: the Canvas answers with plain text instead of fields.
    structured: bool = True


@dataclass(frozen=True, slots=True)
class Variable:
    """What a Canvas asks for: a `file`, several `files`, or a `text`."""

    name: str
    type: str
    required: bool
    description: str


DOCUMENT = Variable("document", "file", True, "O documento a ser lido")


@dataclass(frozen=True, slots=True)
class App:
    id: str
    name: str
    title: str
    prompt_id: str
    #: Which document it reads: `invoice`, `contract`, `claim`.
    kind: str
    #: Share of all tasks.
    weight: float
    versions: tuple[CanvasVersion, ...]
    variables: tuple[Variable, ...] = (DOCUMENT,)

    def version_at(self, share: float) -> CanvasVersion:
        """The version that was live after `share` (0 to 1) of the world's time span."""
        return next(version for version in reversed(self.versions) if version.live_from <= share)


INVOICES = App(
    id="95cec438-6080-44fe-8275-28b16bd40178",
    name="Invoices",
    title="Notas fiscais",
    prompt_id="1d0a7c52-93b1-4a7e-8f0d-5b9e2f6c7a10",
    kind="invoice",
    weight=0.58,
    versions=(
        CanvasVersion("76065caa-c519-441a-8fe2-cc43e29664ab", 5, 0.0),
        CanvasVersion("a1f7e0d4-2b6c-4d38-9c15-7e8f90a1b2c3", 6, 0.41),
        CanvasVersion("c2e8f1e5-3c7d-4e49-8d26-8f90a1b2c3d4", 7, 0.8),
    ),
)

CONTRACTS = App(
    id="b7d3a9f0-5e12-4c86-a4d9-0f1e2d3c4b5a",
    name="Contracts",
    title="Contratos",
    prompt_id="2e1b8d63-a4c2-4b8f-90e1-6caf307d8b21",
    kind="contract",
    weight=0.24,
    versions=(
        CanvasVersion("d3f902f6-4d8e-4f5a-9e37-90a1b2c3d4e5", 1, 0.0, structured=False),
        CanvasVersion("e40a1307-5e9f-406b-af48-a1b2c3d4e5f6", 2, 0.09),
        CanvasVersion("f51b2418-6fa0-417c-b059-b2c3d4e5f607", 3, 0.66),
    ),
    variables=(
        DOCUMENT,
        Variable("parte", "text", True, "De qual parte somos: contratante ou contratada"),
        Variable("observacoes", "text", False, "O que mais se sabe do contrato"),
    ),
)

CLAIMS = App(
    id="c8e4ba01-6f23-4d97-b5ea-102f3e4d5c6b",
    name="Medical claims",
    title="Laudos médicos",
    prompt_id="3f2c9e74-b5d3-4c90-a1f2-7db0418e9c32",
    kind="claim",
    weight=0.18,
    versions=(
        CanvasVersion("062c3529-70b1-428d-816a-c3d4e5f60718", 2, 0.0),
        CanvasVersion("173d463a-81c2-439e-927b-d4e5f6071829", 3, 0.55),
    ),
    variables=(
        DOCUMENT,
        Variable("pedido", "file", False, "O pedido do médico"),
        Variable("exames", "files", False, "Os exames que acompanham o laudo"),
    ),
)


APPS = (INVOICES, CONTRACTS, CLAIMS)
BY_ID = {app.id: app for app in APPS}
VERSIONS = {version.id: (app, version) for app in APPS for version in app.versions}

#: One task in so many comes from an agent instead of an app: no app, no Canvas version.
AGENT_ID = "5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d"
AGENT_REF = "conciliacao-bancaria"
AGENT_EVERY = 97
