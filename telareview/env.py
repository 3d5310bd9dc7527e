"""Typed readers of environment variables: a wrong value stops the start with its name and the way to mend it."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str = "") -> str:
    """The variable's value without surrounding blanks; `default` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """True for 1/true/yes/on, False for 0/false/no/off. Raises ImproperlyConfigured otherwise."""
    if name not in os.environ:
        return default
    value = os.environ[name].strip().lower()
    if value in YES:
        return True
    if value in NO:
        return False
    raise ImproperlyConfigured(
        f"{name} is {os.environ[name]!r}, which is neither yes nor no. Set it to 1 or 0, or unset it."
    )


def whole_number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number of at least `least`. Raises ImproperlyConfigured otherwise."""
    value = text(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a whole number of at least {least}, or unset it.")
    return int(value)


def listed(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """The comma-separated parts of the value, blanks removed."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or list(default)


def folder(name: str, default: Path) -> Path:
    """An absolute folder; a relative value is taken from the current folder."""
    return Path(text(name) or default).expanduser().absolute()
