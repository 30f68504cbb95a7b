"""What a stop's form does, whether a walker sends it or the office types in their sheet."""

from collections.abc import Callable

from charter.core import access
from charter.core.db import commit
from charter.nightwalks import service
from charter.nightwalks.forms import StopForm
from charter.nightwalks.models import NightWalk, Walker, WalkStop

Found = tuple[NightWalk, Walker, WalkStop]


def form_of(row: NightWalk, walker: Walker, stop: WalkStop) -> StopForm:
    """The form of a stop as this walker answered it so far."""
    values, note = service.said(walker, stop)
    return StopForm.of(service.things(row), values, note.words if note else "")


def is_saved(form: StopForm, found: Callable[[], Found], *, by: int | None = None) -> bool:
    """Whether the form was sent and is kept. `found` finds its walk again, under the lock."""
    if not (form.validate_on_submit() and form.receive()):
        return False
    access.enter()
    row, walker, stop = found()
    words = (form.words.data or "").strip()
    if not form.takes(
        lambda: service.rate(row, walker, stop, form.values, words, form.received, by=by)
    ):
        return False
    commit()
    return True
