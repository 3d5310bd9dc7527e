"""What a Canvas reads out of a document: invoices, contracts, medical claims; and the request that led to it.

Every function takes a drawing source (`random.Random.random`) and returns plain JSON values (`wire.Number` where the
spelling of a number matters).
"""

from collections.abc import Callable, Sequence
from typing import Any

from telareview.sandbox.apps import CanvasVersion
from telareview.sandbox.names import EXAMS
from telareview.sandbox.people import CITIES, FIRMS, PATIENTS, PHYSICIANS, STREETS
from telareview.sandbox.wire import Number, day_text

type Draw = Callable[[], float]

GOODS = (
    ("Toner preto HP 85A", "84439933", "UN"),
    ("Frete rodoviário", "00000000", "SV"),
    ("Papel A4 75 g (caixa)", "48025610", "CX"),
    ("Chapa de aço galvanizado 2 mm", "72104910", "KG"),
    ("Café arábica torrado", "09012100", "KG"),
    ("Manutenção preventiva – mensal", "00000000", "SV"),
    ("Cable, Cat6, 305 m", "85444900", "RL"),
    ("Licença anual de software", "85234920", "UN"),
)
NATURES = ("Venda de mercadoria", "Prestação de serviço", "Remessa para conserto", "Devolução de compra")
PAYMENTS = ("boleto", "pix", "transferência", "cartão corporativo")
PROCEDURES = (
    ("40304361", "Hemograma com contagem de plaquetas"),
    ("41101014", "Ressonância magnética – crânio"),
    ("10101012", "Consulta em consultório"),
    ("40101010", "Eletrocardiograma convencional"),
)
DIAGNOSES = ("I10", "E11.9", "M54.5", "J45.0", "R51", "Z00.0")
CLAUSES = (
    "Multa de 10% por rescisão antecipada.",
    "Reajuste anual pelo IPCA.",
    "Confidencialidade por 5 anos após o término.",
    "Either party may terminate on 60 days' notice.",
    "Foro da comarca de São Paulo.",
)


def pick[Choice](draw: Draw, choices: Sequence[Choice]) -> Choice:
    return choices[int(draw() * len(choices))]


def money(cents: int) -> Number:
    """An amount with both decimals, trailing zeros included."""
    whole, rest = divmod(cents, 100)
    return Number(f"{whole}.{rest:02d}")


def cnpj(draw: Draw) -> str:
    digits = f"{int(draw() * 10**8):08d}"
    return f"{digits[:2]}.{digits[2:5]}.{digits[5:]}/0001-{int(draw() * 100):02d}"


def document(kind: str, version: int, day: int, draw: Draw) -> dict[str, Any]:
    """The fields a Canvas of that kind and version number finds in a document of that day."""
    if kind == "invoice":
        return invoice(version, day, draw)
    if kind == "contract":
        return contract(version, day, draw)
    if kind == "claim":
        return claim(version, day, draw)
    return {"conta": f"{int(draw() * 10**6):06d}-{int(draw() * 10)}", "saldo": money(int(draw() * 10**8)), "itens": []}


def invoice(version: int, day: int, draw: Draw) -> dict[str, Any]:
    city, state, post_code = pick(draw, CITIES)
    items, goods_cents = [], 0
    for number in range(1 + int(draw() * 3.4)):
        name, code, unit = pick(draw, GOODS)
        quantity, cents = 1 + int(draw() * 40), 900 + int(draw() * 250_000)
        goods_cents += quantity * cents
        items.append(
            {
                "codigo": f"{number + 1:03d}-{int(draw() * 900) + 100}",
                "descricao": name,
                "ncm": code,
                "quantidade": quantity,
                "unidade": unit,
                "valor_unitario": money(cents),
            }
        )
    freight = int(draw() * 90_000) // 50 * 50
    tax = goods_cents * 18 // 100
    found: dict[str, Any] = {
        "numero": f"{int(draw() * 90_000) + 1:06d}",
        "serie": 1 + int(draw() * 3),
        "natureza_operacao": pick(draw, NATURES),
        "data_emissao": day_text(day),
        "vencimento": day_text(day + 28),
        "emitente": {
            "razao_social": pick(draw, FIRMS),
            "cnpj": cnpj(draw),
            "inscricao_estadual": None if draw() < 0.2 else f"{int(draw() * 10**9):09d}",
            "endereco": {
                "logradouro": f"{pick(draw, STREETS)}, {1 + int(draw() * 2000)}",
                "municipio": city,
                "uf": state,
                "cep": post_code,
            },
        },
        "destinatario": {"razao_social": "Acme Brasil Ltda.", "cnpj": "12.345.678/0001-90", "email": "nf@acme.example"},
        "itens": items,
        "total": {
            "produtos": money(goods_cents),
            "frete": money(freight),
            "desconto": Number("0.00"),
            "impostos": {"icms": money(tax), "ipi": money(tax // 4)},
            "valor": (goods_cents + freight) // 100 if draw() < 0.15 else money(goods_cents + freight),
        },
        "moeda": "BRL",
        "observacoes": None if draw() < 0.5 else "Pedido de compra nº " + str(4000 + int(draw() * 5000)),
    }
    if version >= 6:
        found["protocolo"] = 135_260_000_000_000_000 + int(draw() * 10**12)
        found["pagamento"] = {"forma": pick(draw, PAYMENTS), "parcelas": 1 + int(draw() * 3)}
    if version >= 7:
        found["chave_acesso"] = (
            f"35{int(draw() * 10**14):014d}55001{int(draw() * 10**14):014d}{int(draw() * 10**9):09d}"
        )
        found["pagamento"]["taxa_mensal"] = Number("0.0")
    return found


def contract(version: int, day: int, draw: Draw) -> dict[str, Any]:
    firm, other = pick(draw, FIRMS), pick(draw, FIRMS)
    total = 10_000_00 + int(draw() * 900_000) * 100
    found: dict[str, Any] = {
        "titulo": f"Contrato nº {100 + int(draw() * 900)}/{day_text(day)[:4]}",
        "tipo": pick(draw, ("serviços", "locação", "fornecimento", "NDA")),
        "partes": [
            {"nome": "Acme Brasil Ltda.", "cnpj": "12.345.678/0001-90", "papel": "contratante"},
            {"nome": firm, "cnpj": cnpj(draw), "papel": "contratada"},
            *([{"nome": other, "cnpj": cnpj(draw), "papel": "interveniente"}] if draw() < 0.2 else []),
        ],
        "vigencia": {"inicio": day_text(day), "fim": day_text(day + 365), "renovacao_automatica": draw() < 0.4},
        "valor": {
            "total": total // 100 if draw() < 0.5 else money(total),
            "moeda": "BRL" if draw() < 0.8 else "USD",
            "reajuste": pick(draw, ("IPCA", "IGP-M", None)),
        },
        "foro": pick(draw, CITIES)[0],
        "clausulas_sensiveis": [pick(draw, CLAUSES) for _ in range(int(draw() * 4))],
        "assinaturas": [{"nome": pick(draw, PATIENTS), "cargo": "Diretor(a)", "data": day_text(day)}],
        "confianca": Number(f"0.{70 + int(draw() * 30)}0"),
        "resumo": f"{firm} presta serviços à Acme por 12 meses. " + pick(draw, CLAUSES),
    }
    if version >= 3:
        found["rescisao"] = {"aviso_previo_dias": pick(draw, (30, 60, 90)), "multa_percentual": Number("10.00")}
        found["lgpd"] = {"trata_dados_pessoais": draw() < 0.7, "encarregado": None}
    return found


def claim(version: int, day: int, draw: Draw) -> dict[str, Any]:
    procedures, cents = [], 0
    for _ in range(1 + int(draw() * 2.5)):
        code, name = pick(draw, PROCEDURES)
        cost = 4_000 + int(draw() * 160_000)
        cents += cost
        procedures.append({"codigo": code, "descricao": name, "quantidade": 1, "valor": money(cost)})
    found: dict[str, Any] = {
        "paciente": {
            "nome": pick(draw, PATIENTS),
            "nascimento": day_text(day - 8_000 - int(draw() * 20_000)),
            "carteirinha": 10**16 + int(draw() * 10**15),
            "cpf": f"***.{int(draw() * 1000):03d}.{int(draw() * 1000):03d}-**",
        },
        "prestador": {"nome": pick(draw, PHYSICIANS), "crm": f"{int(draw() * 10**5):05d}", "uf": pick(draw, CITIES)[1]},
        "data_atendimento": day_text(day - 3),
        "cid": [pick(draw, DIAGNOSES) for _ in range(1 + int(draw() * 2))],
        "procedimentos": procedures,
        "valor_total": money(cents),
        "exame": pick(draw, EXAMS),
        "urgencia": draw() < 0.12,
        "autorizado": True,
        "parecer": "Sem alterações significativas." if draw() < 0.6 else "Recomenda-se avaliação complementar.",
    }
    if version >= 3:
        found["glosa"] = {"valor": Number("0.00"), "motivo": None}
        found["tiss"] = {"versao": "4.01.00", "lote": int(draw() * 10**6)}
    return found


def result(kind: str, version: CanvasVersion | None, name: str, day: int, draw: Draw) -> Any:
    """What a run of that Canvas version makes of a document: fields, or plain text."""
    if version is not None and not version.structured:
        return plain_text(name, draw)
    return document(kind, version.number if version else 1, day, draw)


def plain_text(name: str, draw: Draw) -> str:
    """What a Canvas without output fields answers."""
    return f"{name}: {pick(draw, CLAUSES)} {pick(draw, CLAUSES)}\n\nValor total: R$ {int(draw() * 900)}.000,00."


def parsed_text(kind: str, name: str, day: int, draw: Draw) -> str:
    """The text the parser found in the file, some lines of it."""
    lines = [f"[{kind}] {name}", f"Data: {day_text(day)}"]
    lines += [f"{pick(draw, STREETS)} {int(draw() * 999)} · {pick(draw, FIRMS)}" for _ in range(3)]
    return "\n".join(lines)
