"""An independent stand-in of Tela's API that speaks HTTP: `python -m telareview.sandbox`.

It imports nothing of the house, and nothing of the house imports it, so that it stays a second reading of the contract.
Tests may run it in their own process:

    with SandboxServer(tasks=500) as sandbox:
        requests.get(f"{sandbox.url}/task", headers={"Authorization": f"Bearer {sandbox.key}"})
"""

from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from telareview.sandbox.canvas_routes import CanvasRoutes
from telareview.sandbox.clock import Clock
from telareview.sandbox.courier import RETRY_SECONDS, Courier
from telareview.sandbox.exchange import Request
from telareview.sandbox.faults import Faults, parse
from telareview.sandbox.files import Files
from telareview.sandbox.life import PACE_SECONDS, RUN_SECONDS, Life
from telareview.sandbox.routes import Api
from telareview.sandbox.server import Server
from telareview.sandbox.task_routes import TaskRoutes
from telareview.sandbox.webhook_routes import WebhookRoutes
from telareview.sandbox.webhooks import Webhooks
from telareview.sandbox.wire import milliseconds
from telareview.sandbox.world import World

__all__ = ["Faults", "SandboxServer", "World"]

STOP_LOOK_SECONDS = 0.02


class SandboxServer:
    """A world behind an HTTP server, running between `start` and `stop` (or inside `with`).

    `now` (ISO 8601) is the moment the seeded lives end; the clock stands there, unless the sandbox is `alive`.
    `calm` leaves hostile names and values out. `faults` as in `faults.parse`, or a `Faults`. `pace` is the mean time
    between two arrivals, `run_seconds` how long a run takes that was asked for over the API, `retry_seconds` the pauses
    before a webhook is tried again. `state` names a file in which changes are kept: started again with it, the sandbox
    goes on where it was.
    """

    def __init__(
        self,
        tasks: int = 2000,
        seed: int = 7,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str = "sandbox-key",
        alive: bool = False,
        pace: float = PACE_SECONDS,
        run_seconds: float = RUN_SECONDS,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
        latency_ms: float = 0,
        envelope: str = "bare",
        faults: str | Faults | None = None,
        list_payload: str = "full",
        now: str | None = None,
        calm: bool = False,
        state: str | Path | None = None,
    ) -> None:
        start = None if now is None else milliseconds(now)
        clock = Clock(start, frozen=start is not None and not alive)
        self.key = key
        self.world = World(tasks, seed, clock=clock, anchor=start, calm=calm, journal=Path(state) if state else None)
        self.faults = faults if isinstance(faults, Faults) else parse(faults) if faults else Faults(seed=seed)
        self.life = Life(self.world, seed, pace=pace, run_seconds=run_seconds)
        self.courier = Courier(retry_seconds)
        self.webhooks = Webhooks(self.world, self.courier)
        self.files = Files(clock)
        api = Api(
            key,
            TaskRoutes(self.world, self.life, self.files, envelope, list_payload).routes(),
            CanvasRoutes(self.world.plan).routes(),
            WebhookRoutes(self.webhooks).routes(),
            self.files.routes(),
            without_key=self.files.open_routes(),
        )
        self.alive = alive
        self.server = Server((host, port), api, self.faults, clock, latency_ms / 1000)
        address, bound = self.server.server_address[:2]
        name = address.decode() if isinstance(address, bytes) else str(address)
        self.url = f"http://[{name}]:{bound}" if ":" in name else f"http://{name}:{bound}"
        self._thread = Thread(target=self.server.serve_forever, args=(STOP_LOOK_SECONDS,), name="sandbox", daemon=True)

    @property
    def requests(self) -> list[Request]:
        """Every request so far (the latest 10,000 at least), in order of arrival."""
        return self.server.log

    def start(self) -> Self:
        self._thread.start()
        self.courier.start()
        self.life.start(alive=self.alive)
        return self

    def stop(self) -> None:
        self.life.stop()
        self.courier.stop()
        if self._thread.is_alive():
            self.server.shutdown()
        self.server.hang_up()
        if self.world.journal is not None:
            with self.world.lock:
                self.world.journal.close()
                self.world.journal = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
