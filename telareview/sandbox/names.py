"""What tasks are called: file names as people give them, and a few that try to break whoever shows them."""

import random

from telareview.sandbox.people import FIRMS

EXAMS = ("exame complementar", "ressonância magnética", "hemograma", "avaliação cardiológica", "raio-X de tórax")
CONTRACT_KINDS = (
    "Contrato de prestação de serviços",
    "Contrato de locação comercial",
    "Master services agreement",
    "Acordo de confidencialidade",
    "Contrato de fornecimento",
)

#: Each stands in every world of some size; as a name, and as a value in the output.
HOSTILE = (
    '=HYPERLINK("http://x.example";"Fatura")',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Fatura \u202egpj.exe\u202c.pdf",
    "Família 👨\u200d👩\u200d👧\u200d👦 – recibo 🧾.pdf",
    "Relatório " + "muito " * 47 + "longo.pdf",
    "   Fatura com espaços na frente.pdf",
    "Fatura\u0000 0099.pdf",
    "Fatura \ud83d quebrada.pdf",
    'Fatura; "aspas"; ponto e vírgula.pdf',
    "Fatura em\nduas linhas\r\ne mais.pdf",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\tTab na frente, vírgula, fim",
    "{{ 7 * 7 }} ${7*7} {% debug %}",
    "'; DROP TABLE tasks; --",
    "../../../etc/passwd",
    "100% de desconto_%_\\.pdf",
    "é combining: e\u0301 vs é.pdf",
)

HOSTILE_URLS = (
    "javascript:alert(document.domain)",
    "data:application/pdf;base64,JVBERi0xLjQKJSBzYW5kYm94Cg==",
    "data:text/html,<script>alert(1)</script>",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "//evil.example/x.pdf",
)


def file_name(kind: str, day: str, rng: random.Random) -> str:
    """A name for a document of that kind received on that day (`YYYY-MM-DD`)."""
    draw = rng.random()
    firm = FIRMS[int(rng.random() * len(FIRMS))]
    serial = int(rng.random() * 9000)
    if kind == "invoice":
        return _invoice_name(draw, firm, serial, day)
    if kind == "contract":
        return _contract_name(draw, firm, serial)
    if kind == "claim":
        exam = EXAMS[serial % len(EXAMS)]
        return f"Laudo médico {serial:05d} – {exam}.pdf" if draw < 0.85 else f"Guia TISS {serial:06d}.xml"
    return f"Extrato {day} conta {serial:05d}.ofx"


def _invoice_name(draw: float, firm: str, serial: int, day: str) -> str:
    if draw < 0.55:
        return f"Nota-fiscal-{day[:7]}-{serial:04d}.pdf"
    if draw < 0.85:
        return f"INV-{70000 + serial}.pdf"
    if draw < 0.93:
        return f"Fatura {firm} {day[5:7]}-{day[:4]}.pdf"
    return f"NF-e {35_260_000 + serial * 7}.xml"


def _contract_name(draw: float, firm: str, serial: int) -> str:
    kind = CONTRACT_KINDS[serial % len(CONTRACT_KINDS)]
    if draw < 0.7:
        return f"{kind} – {firm.rstrip('.')} (rev. {1 + serial % 6}).docx"
    if draw < 0.9:
        return f"Aditivo contratual nº {1 + serial % 60}.pdf"
    return f"{firm.split()[0].lower()}_contract_v{1 + serial % 9}_FINAL.pdf"
