"""Outputs of megabytes, each beside what a reviewer made of it; of every shape that could stall a page."""

from collections.abc import Callable
from typing import Any

type Pair = tuple[Any, Any]


def table(size: int) -> Pair:
    """Items of an invoice: one value in a hundred corrected, an item inserted and one taken out."""
    items = [
        {"codigo": f"{n:06d}", "descricao": f"Item número {n}", "quantidade": n % 90, "valor": f"{n}.50"}
        for n in range(size // 86)
    ]
    edited = [{**item, "valor": "0.00"} if at % 25 == 0 else item for at, item in enumerate(items)]
    del edited[len(edited) // 2]
    edited.insert(7, {"codigo": "new", "descricao": "Frete", "quantidade": 1, "valor": "10.00"})
    return {"itens": items}, {"itens": edited}


def nodes(size: int) -> Pair:
    """Everything is different, in 100,000 places at 5 MB."""
    count = size // 50
    return (
        {f"seção {n // 100}, linha {n}": {"a": f"era o valor {n}"} for n in range(count)},
        {f"seção {n // 100}, linha {n}": {"a": f"é o valor {-n}"} for n in range(count)},
    )


def prose(size: int) -> Pair:
    """One text with a word changed in its middle and another at its end."""
    words = ["contrato", "de", "prestação", "de", "serviços", "entre", "as", "partes,"] * (size // 54)
    edited = [*words]
    edited[len(words) // 2], edited[-1] = "ALTERADO", "fim."
    return {"texto": " ".join(words)}, {"texto": " ".join(edited)}


def texts(size: int) -> Pair:
    """Five hundred long texts, all quotes and tags, each rewritten."""
    length = size // 500
    return (
        {f"k{n}": ("\"<&>'" * length)[:length] for n in range(500)},
        {f"k{n}": ("\"'>&< " * length)[:length] for n in range(500)},
    )


def key(size: int) -> Pair:
    """One key that is half of it, above a thousand values."""
    name = "chave" * (size // 10)
    return {name: ["a" * (size // 2_000)] * 1_000}, {name: ["b" * (size // 2_000)] * 1_000}


def numbers(size: int) -> Pair:
    """As many places as fit."""
    return {"n": [n % 10 for n in range(size // 2)]}, {"n": [(n + n // 1_000) % 10 for n in range(size // 2)]}


SHAPES: dict[str, Callable[[int], Pair]] = {
    "table": table,
    "nodes": nodes,
    "prose": prose,
    "texts": texts,
    "key": key,
    "numbers": numbers,
}
