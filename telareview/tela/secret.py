"""A value that may be used but never shown."""

from __future__ import annotations

import hmac
from typing import NoReturn

#: What stands wherever the value would have been printed.
MASK = "***"


class Secret:
    """An API key or password which no print, log line, pickle or dump gives away.

    Equality takes the same time wherever the values differ. `copy` and `deepcopy` give the same object back, so that
    `dataclasses.asdict` works on whatever holds one.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("A Secret is made from text.")
        self.__value = value

    def reveal(self) -> str:
        """The value itself. Call it where it leaves, and keep no copy in a variable."""
        return self.__value

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_octets(self.__value), _octets(other.__value))

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A Secret is not pickled: its value must not be written anywhere.")

    def __getstate__(self) -> NoReturn:
        raise TypeError("A Secret has no state to hand out: its value must not be written anywhere.")


class HiddenText(str):
    """Text which a library may send but which shows as `***` wherever it is printed, as among a traceback's locals."""

    __slots__ = ()

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return MASK


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
