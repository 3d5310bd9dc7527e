"""Tasks as the bytes of their JSON, kept ready until they change."""

from typing import TYPE_CHECKING

from telareview.sandbox.tasks import Card, columns, light_fields
from telareview.sandbox.wire import dumps

if TYPE_CHECKING:
    from telareview.sandbox.state import State

#: All kept bytes together; beyond it the oldest go. 100,000 full tasks are about 430 MB.
KEPT_BYTES = 400 * 1024 * 1024


class Bodies:
    def __init__(self, world: "State", kept_bytes: int = KEPT_BYTES) -> None:
        self._world = world
        self._room = kept_bytes
        self._kept: dict[tuple[str, bool], bytes] = {}

    def of(self, card: Card, *, light: bool) -> bytes:
        """One task's JSON; `light` without the input and output columns. Needs the world's lock held."""
        key = (card.id, light)
        body = self._kept.get(key)
        if body is None:
            story = self._world.story(card)
            head, tail = light_fields(card, story)
            body = dumps({**head, **tail} if light else {**head, **columns(story), **tail})
            self._keep(key, body)
        return body

    def forget(self, task_id: str) -> None:
        for light in (False, True):
            gone = self._kept.pop((task_id, light), None)
            self._room += len(gone) if gone else 0

    def _keep(self, key: tuple[str, bool], body: bytes) -> None:
        self._kept[key] = body
        self._room -= len(body)
        while self._room < 0:
            oldest = next(iter(self._kept))
            self._room += len(self._kept.pop(oldest))
