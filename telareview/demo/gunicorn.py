"""Settings of the web server that `demo` and `serve` start: `gunicorn --config python:telareview.demo.gunicorn`."""

import signal
from typing import Any

from telareview.demo.children import die_with_parent

wsgi_app = "telareview.wsgi"
worker_class = "gthread"
workers = 2
threads = 4
# Imported once, then forked: half the start-up time and shared memory.
preload_app = True
# Of a worker that hangs; a slow reader of an export keeps only its thread busy.
timeout = 60
graceful_timeout = 5
keepalive = 5
# Memory is enough for the heartbeat, and /tmp is outside the checkout.
control_socket_disable = True
accesslog = "-"
# Without the query, where people's addresses and searched words stand.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s'
errorlog = "-"


def post_fork(server: Any, worker: Any) -> None:
    """A killed master takes its workers along."""
    die_with_parent(signal.SIGKILL, server.pid)
