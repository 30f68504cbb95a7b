"""What a page sends that had no signal when somebody wrote: late, perhaps twice, never as another.

The script of the writing pages (`static/offline.js`) sends three headers with an entry. `WRITER`
says as whom the page was opened: if somebody else is signed in by now, nothing is written. `AGE`
says how many seconds ago the entry was written, so that "just now" stays when it was. With `ACCEPT`
what came of it is answered as data; a form that is refused is answered as its page, as ever.
"""

from datetime import datetime, timedelta

from flask import Response, jsonify, request
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import MultiDict

from charter.accounts.signin import keyed_hash
from charter.core import clock
from charter.incidents import forms

ACCEPT, AGE, WRITER = "application/json", "Charter-Age", "Charter-Writer"
WRITTEN = "Entry {} is written."
TO_OFFICE = (
    "Sent to the night office as R-{}. It is not in this venue’s book. Write that number down."
)
LONGEST = timedelta(days=7)
_AT_ONCE = timedelta(seconds=30)


def writer(*who: object) -> str:
    """What a page knows its writer by: says nothing to anybody, and opens nothing."""
    return keyed_hash("writer", ":".join(str(each) for each in who)).hex()[:32]


def ticket(who: str) -> Response:
    """A fresh form token for a page that was opened without one, and whose it is."""
    return jsonify(token=generate_csrf(), writer=who)


def is_another(who: str) -> bool:
    """Whether what is sent was written by somebody else than who is signed in now."""
    return request.headers.get(WRITER, who) != who


def another() -> Response:
    """The answer to that: nothing is written."""
    answer = jsonify(words="Somebody else is signed in")
    answer.status_code = 409
    return answer


def sent() -> MultiDict[str, str]:
    """The form that came, its times as of when it was written."""
    typed_at = _typed_at()
    return request.form if typed_at is None else forms.arrived(request.form, typed_at)


def _typed_at() -> datetime | None:
    age = request.headers.get(AGE, "")
    if not (age.isascii() and age.isdecimal() and len(age) < 10):
        return None
    ago = min(timedelta(seconds=int(age)), LONGEST)
    return clock.now() - ago if ago >= _AT_ONCE else None


def is_asked() -> bool:
    """Whether a script waits for the answer, and wants it as data."""
    return request.accept_mimetypes.best == ACCEPT


def said(words: str, onward: str = "") -> Response:
    """That an entry is written, in words, and the page that says what comes next."""
    return jsonify(words=words, onward=onward)
