"""`python -m telareview.sandbox`: the sandbox as a process of its own."""

import argparse
import ctypes
import gc
import os
import signal
import sys
from threading import Event, Thread

from telareview.sandbox import SandboxServer
from telareview.sandbox.faults import KINDS
from telareview.sandbox.life import PACE_SECONDS
from telareview.sandbox.task_routes import ENVELOPES, PAYLOADS

PR_SET_PDEATHSIG = 1
ENDING = (signal.SIGTERM, signal.SIGINT)


def main(arguments: list[str] | None = None) -> None:
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    if options.pop("with_parent"):
        die_with_parent()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    Thread(target=_end_when_told, name="sandbox-end", daemon=True).start()
    # Nothing of a new world is garbage, and looking for it again and again takes longer than building.
    gc.disable()
    try:
        sandbox = SandboxServer(**options)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    gc.freeze()
    gc.enable()
    with sandbox:
        print(f"sandbox listening on {sandbox.url}", flush=True)
        Event().wait()


def _end_when_told() -> None:
    """Waits for the signal itself: a handler runs only once the main thread wakes up, and one in twenty came too early
    for its waiting. Ends at once: the journal is written line by line, and taking a million tasks apart takes seconds.
    """
    signal.sigwait(ENDING)
    os._exit(0)


def die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m telareview.sandbox", description="A stand-in of Tela's task API.")
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8900, help="0 takes a free one (default: 8900)")
    add("--tasks", type=int, default=2000, help="size of the seeded world (default: 2000)")
    add("--seed", type=int, default=7, help="the same seed, size and --now give the same world")
    add("--key", default="sandbox-key", help="the API key to demand (default: sandbox-key)")
    add("--alive", action="store_true", help="let new tasks arrive, finish and be reviewed")
    add("--pace", type=float, default=PACE_SECONDS, metavar="SECONDS", help="between two arrivals (default: 4.5)")
    add("--latency", dest="latency_ms", type=float, default=0, metavar="MS", help="wait before each answer")
    add("--envelope", choices=ENVELOPES, default="bare", help="shape of a list: an array, or {data, metadata}")
    add("--list-payload", choices=PAYLOADS, default="full", help="light: lists never carry input and output")
    add("--faults", metavar="SPEC", help=f"for example rate=0.3,kinds=429,cut,seed=1; kinds: {', '.join(KINDS)}")
    add("--now", metavar="ISO", help="the moment the seeded lives end; the clock stands there unless --alive")
    add("--calm", action="store_true", help="no hostile names and values")
    add("--state", metavar="FILE", help="keep what happens there; started again with it, the same world goes on")
    add("--with-parent", action="store_true", help="end when the starting process ends (Linux)")
    return parser


if __name__ == "__main__":
    main()
