"""The application as gunicorn serves it, with places where it can be told to die at once.

`DOOM` names a folder. A worker that finds the name of a step in its file `die-at` kills itself
there with SIGKILL: nothing is flushed, closed or said. This module is the server's configuration
as well (`gunicorn -c python:tests.durability.doomed`): the application is loaded before forking,
so that a worker that died is back in a moment.
"""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from charter.app import create_app
from charter.core.db import db
from tests.durability.steps import STEPS, WORKERS

preload_app = True
workers = WORKERS
threads = 4
worker_class = "gthread"
loglevel = "warning"
control_socket_disable = True

_folder = Path(os.environ.get("DOOM", "."))
_here = threading.local()


def post_fork(_server: object, _worker: object) -> None:
    """A worker takes no connection of its parent along, and says that it lives."""
    with app.app_context():
        db.engine.dispose(close=False)
    (_folder / f"worker-{os.getpid()}").touch()


def _reach(step: str) -> None:
    order = _folder / "die-at"
    try:
        wanted = order.read_text("utf-8")
    except FileNotFoundError:
        return
    if wanted == step:
        order.unlink(missing_ok=True)
        os.kill(os.getpid(), signal.SIGKILL)


def _rename(real: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        _reach(STEPS[1])
        answer = real(*arguments, **named)
        _reach(STEPS[2])
        _here.renamed = True
        return answer

    return called


def _fsync(real: Callable[[int], None]) -> Callable[[int], None]:
    def called(number: int) -> None:
        _reach(STEPS[0])
        real(number)
        if getattr(_here, "renamed", False):
            _here.renamed = False
            _reach(STEPS[3])

    return called


app = create_app()
os.fsync = _fsync(os.fsync)
os.rename = _rename(os.rename)
event.listen(Session, "after_flush", lambda *_: _reach(STEPS[4]))
event.listen(Session, "before_commit", lambda *_: _reach(STEPS[5]))
event.listen(Session, "after_commit", lambda *_: _reach(STEPS[6]))
app.teardown_request(lambda _fault: _reach(STEPS[7]))
