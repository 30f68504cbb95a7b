"""What a champion or an officer may type about a proof."""

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from wtforms.validators import Regexp

from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.fields import (
    ACCEPT_PHOTOS,
    Choice,
    Form,
    Hidden,
    Menu,
    TextArea,
    TextLine,
    Tick,
    UploadField,
)
from charter.editions.terms import Kind, Requirement
from charter.proofs.decisions import WAYS_SEEN
from charter.proofs.drafts import Place
from charter.proofs.models import ProofDraft

STATEMENT_LIMIT = 4000
REASON_LIMIT = 1000


class OnceForm(Form):
    """A form that may be sent twice and counts once: it carries a token of its own."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])


class ProofForm(OnceForm):
    """What every proof comes with; each kind adds the one control that proves it."""


class DatedForm(ProofForm):
    """A proof of something that took place on a day."""

    happened_on = DateParts(
        "When did this happen?", missing="Enter the date it happened, like 20 11 2026"
    )


class StatementForm(DatedForm):
    """A short note."""

    statement = TextArea("What did you do?", limit=STATEMENT_LIMIT, missing="Write what you did")


class FileForm(DatedForm):
    """A photo or a PDF; more can be saved one by one."""

    files = UploadField("Photo or PDF", missing=None)


class PhotosForm(ProofForm):
    """The last step of a set of photos that were saved place by place, most often today."""

    happened_on = DateParts("When were the photos taken?", default=clock.today)


class LinkForm(ProofForm):
    """The address of a page that anybody can open."""

    link = TextLine(
        "Address of the page",
        limit=500,
        missing="Enter the address of the page, starting with https://",
        render_kw={"inputmode": "url", "autocomplete": "url", "spellcheck": "false"},
    )


class SignedForm(ProofForm):
    """A name, and that the person named agrees themselves."""

    signed_name = TextLine(
        "Full name of the person who signs",
        limit=80,
        missing="Enter the name of the person who signs",
        render_kw={"autocomplete": "off"},
    )
    confirmed = Tick("I am the person named here, and I agree", missing="Tick the box to sign")


FORMS: dict[Kind, type[ProofForm]] = {
    Kind.STATEMENT: StatementForm,
    Kind.FILE: FileForm,
    Kind.PHOTO_PER_PLACE: PhotosForm,
    Kind.LINK: LinkForm,
    Kind.SIGNED_BY: SignedForm,
}
AGREEMENTS = {
    "champion": "I am the champion named here. I agree to do it, and the city may contact me",
    "stand-in": "I am the person named here. I agree to stand in for the champion",
    "owner": "I am the owner or licence holder. I have read the charter, and we keep to it: "
    "sexual harassment is never accepted here",
}


CHANGES = {
    "new-policy": "We have a new policy",
    "serious-incident": "Something serious happened here",
}


def changes(requirement: Requirement) -> list[tuple[str, str]]:
    """What a venue can tell us that makes a proof end early, with the words of its button."""
    return [(void, CHANGES[void]) for void in requirement.voids if void in CHANGES]


def proof_form(requirement: Requirement) -> type[ProofForm]:
    """The form that proves a requirement."""
    return FORMS[requirement.proof_kind]


def blank_proof(requirement: Requirement, draft: ProofDraft | None, reader: str) -> ProofForm:
    """The form that proves a requirement, with what was saved; a champion's name is theirs."""
    name = reader if requirement.signer == "champion" else ""
    form = proof_form(requirement)(formdata=None, obj=draft, signed_name=name)
    agreement(form, requirement)
    return form


def agreement(form: ProofForm, requirement: Requirement) -> None:
    """Put the words that a signer agrees to beside the box to tick."""
    if isinstance(form, SignedForm) and requirement.signer:
        form.confirmed.label.text = AGREEMENTS[requirement.signer]


class PhotoForm(Form):
    """One photo of one place."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="photo-", **kwargs)

    place = Menu("Which place does it show?", missing="Choose the place it shows")
    photo = UploadField("Photo", missing="Choose or take a photo", accept=ACCEPT_PHOTOS)

    def offer(self, places: Sequence[Place]) -> None:
        """Say which places there are to choose from."""
        self.place.choices = [("", "Choose a place"), *((each.key, each.name) for each in places)]


class QuestionForm(OnceForm):
    """A question to the office."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="question-", **kwargs)

    body = TextArea("Your question", limit=STATEMENT_LIMIT, missing="Write your question")


class AnswerForm(OnceForm):
    """The office's answer."""

    body = TextArea("Your answer", limit=STATEMENT_LIMIT, missing="Write your answer")


class NotApplicableForm(Form):
    """Why something does not apply."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="applies-", **kwargs)

    reason = TextArea(
        "Why does it not apply to you?", limit=REASON_LIMIT, missing="Say why it does not apply"
    )


class DecisionForm(Form):
    """What an officer says about a proof; the button says whether it is accepted."""

    reason = TextArea(
        "What is missing, and how can they mend it?", limit=REASON_LIMIT, missing=None
    )


class WishForm(Form):
    """What an officer says to a wish that something not apply."""

    words = TextArea("If it does apply: why?", limit=REASON_LIMIT, missing=None)


class SeenForm(Form):
    """How somebody saw a proof themselves."""

    how = Choice(
        "How did you see it?",
        missing="Choose how you saw it",
        choices=[(how, words.capitalize()) for how, words in WAYS_SEEN.items()],
    )


class QuietForm(Form):
    """What the venue answered about its quiet weeks."""

    answer = TextArea(
        "What did they answer?", limit=REASON_LIMIT, missing="Write what they answered"
    )


class ConfirmForm(Form):
    """A button and nothing to type."""
