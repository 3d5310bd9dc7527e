"""What reviewers correct: edits as they would send them, for each kind of document."""

from collections.abc import Callable
from typing import Any

from telareview.sandbox.documents import Draw, money, pick
from telareview.sandbox.wire import Number

type Output = dict[str, Any]
type Edit = Callable[[Output, Draw], Output]


def edits_for(kind: str) -> tuple[Edit, ...]:
    return _EDITS.get(kind, (_remark,))


def put_back(kind: str, output: Output) -> tuple[Output, Output]:
    """An edit and the one that undoes it."""
    key = "moeda" if kind == "invoice" else "foro" if kind == "contract" else "parecer"
    return {key: "???"}, {key: output.get(key)}


def _brazilian(value: Any) -> str:
    """The same amount as people write it: 150000 becomes 150.000,00."""
    if isinstance(value, str) and not isinstance(value, Number):
        return f"R$ {value}"
    text = value.text if isinstance(value, Number) else str(value)
    whole, _, rest = text.partition(".")
    grouped = f"{int(whole):,}".replace(",", ".") if whole.isdigit() else whole
    return f"{grouped},{(rest + '00')[:2]}"


def _day_first(iso_day: Any) -> Any:
    parts = str(iso_day).split("-")
    return "/".join(reversed(parts)) if len(parts) == 3 else f"{iso_day} "


def _at(items: list[Any], place: int, change: Output) -> list[Any]:
    """A list as long as the stored one, which changes one item of it."""
    return [change if number == place else {} for number in range(len(items))]


def _total_reformatted(output: Output, draw: Draw) -> Output:
    return {"total": {"valor": _brazilian(output["total"]["valor"])}}


def _total_corrected(output: Output, draw: Draw) -> Output:
    return {"total": {"valor": money(int(draw() * 9_000_000)), "frete": money(int(draw() * 500) * 100)}}


def _issuer_corrected(output: Output, draw: Draw) -> Output:
    return {"emitente": {"razao_social": str(output["emitente"]["razao_social"]).removesuffix(" Ltda.") + " LTDA"}}


def _registration_added(output: Output, draw: Draw) -> Output:
    return {"emitente": {"inscricao_estadual": f"{int(draw() * 10**9):09d}"}}


def _due_date_reformatted(output: Output, draw: Draw) -> Output:
    return {"vencimento": _day_first(output["vencimento"])}


def _item_described(output: Output, draw: Draw) -> Output:
    last = len(output["itens"]) - 1
    return {"itens": _at(output["itens"], last, {"descricao": pick(draw, ("Frete", "Toner 85A", "Serviço técnico"))})}


def _item_on_top(output: Output, draw: Draw) -> Output:
    freight = {"codigo": "000-000", "descricao": "Frete", "ncm": None, "quantidade": 1, "unidade": "SV"}
    return {"itens": [{**freight, "valor_unitario": Number("210.00")}, *output["itens"]]}


def _remark(output: Output, draw: Draw) -> Output:
    return {"observacoes": f"Conferido em {1 + int(draw() * 28)}/{1 + int(draw() * 12):02d}"}


def _end_moved(output: Output, draw: Draw) -> Output:
    return {"vigencia": {"fim": _day_first(output["vigencia"]["fim"])}}


def _party_corrected(output: Output, draw: Draw) -> Output:
    return {"partes": _at(output["partes"], 0, {"cnpj": f"12.345.678/0002-{int(draw() * 100):02d}"})}


def _value_reformatted(output: Output, draw: Draw) -> Output:
    return {"valor": {"total": _brazilian(output["valor"]["total"])}}


def _clause_on_top(output: Output, draw: Draw) -> Output:
    return {"clausulas_sensiveis": ["Cessão vedada sem anuência.", *output["clausulas_sensiveis"]]}


def _renewal_flipped(output: Output, draw: Draw) -> Output:
    return {"vigencia": {"renovacao_automatica": not output["vigencia"]["renovacao_automatica"]}}


def _diagnosis_on_top(output: Output, draw: Draw) -> Output:
    return {"cid": ["Z01.8", *output["cid"]]}


def _claim_refused(output: Output, draw: Draw) -> Output:
    return {"autorizado": False, "parecer": "Negado: carência não cumprida."}


def _patient_corrected(output: Output, draw: Draw) -> Output:
    return {"paciente": {"nome": str(output["paciente"]["nome"]).upper()}}


def _procedure_priced(output: Output, draw: Draw) -> Output:
    return {"procedimentos": _at(output["procedimentos"], 0, {"valor": money(int(draw() * 200_000))})}


_EDITS: dict[str, tuple[Edit, ...]] = {
    "invoice": (
        _total_corrected,
        _total_reformatted,
        _issuer_corrected,
        _registration_added,
        _due_date_reformatted,
        _item_described,
        _item_on_top,
        _remark,
    ),
    "contract": (_end_moved, _party_corrected, _value_reformatted, _clause_on_top, _renewal_flipped),
    "claim": (_diagnosis_on_top, _claim_refused, _patient_corrected, _procedure_priced),
}
