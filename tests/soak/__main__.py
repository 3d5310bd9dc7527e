"""`./run soak [NAME [OPTIONS]]`: trials too long for the tests. Each says what it did and ends with 1 if it failed.

They keep their database below `var/soak`, apart from everything else.
"""

import signal
import subprocess
import sys
import time
from importlib import import_module

from telareview.demo import postgres
from tests.bench.mirrors import ROOT, Mirrors, alone
from tests.soak.place import FOLDER, prepare

TERMINATED = 143
#: Name → what it tries. Each is a module beside this one with `main(arguments)`.
TRIALS = {
    "convergence": "200 seeds of a Tela that moves, fails and lies: the mirror equals it in the end",
    "kills": "50 times kill -9 during a first fill of 100,000 tasks: nothing lost, nothing told twice",
    "freshness": "five minutes of a living Tela: each change in the mirror within 60 s, by polling alone",
    "tampering": "twelve kinds of tampering at a hundred places each: found and located, here and by a stranger",
    "reviewers": "two reviewers in one queue of 500 tasks, and 1,000 random edits: nothing twice, nothing overwritten",
    "creates": "1,000 tasks created while 20 % of the answers are lost and 10 % are 500: each exists once",
    "killed_writers": "25 times kill -9 while tasks are created, and while they are approved: each once, each named",
    "writers": "10,000 snapshots in random order by 8 writers: the newest wins for every task",
    "exports": "100 times kill -9 of database, worker or web server during an export: never short, always said",
    "instant": "20 exports during 1,000 updates a second: each is the state at one instant",
    "sheets": "20,000 hostile rows opened by LibreOffice, where there is one: no cell is a formula",
}


def main(words: list[str]) -> int:
    if words and words[0] not in TRIALS:
        width = max(map(len, TRIALS))
        print("usage: ./run soak [NAME [OPTIONS]]; without a name all of them", file=sys.stderr)
        print("\n".join(f"  {name:{width}}  {what}" for name, what in TRIALS.items()), file=sys.stderr)
        return 2
    # What was started is stopped in order on Ctrl-C and SIGTERM alike.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    if not words:
        # Each in a process of its own, for each wants an empty database.
        return max(subprocess.run([sys.executable, "-m", "tests.soak", name], cwd=ROOT).returncode for name in TRIALS)
    with alone(FOLDER):
        server = postgres.start(FOLDER / "database", durable=False)
        try:
            prepare(Mirrors(server).fresh(words[0]))
            return _run(words[0], words[1:])
        finally:
            server.leave()


def _run(name: str, options: list[str]) -> int:
    print(f"## {name}: {TRIALS[name]}", flush=True)
    began = time.monotonic()
    code: int = import_module(f"tests.soak.{name}").main(options)
    print(f"{name}: {'as wanted' if code == 0 else 'NOT as wanted'} after {time.monotonic() - began:.0f} s.\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
