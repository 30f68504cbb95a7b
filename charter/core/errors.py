"""The one exception with which a rule or a service says no."""


class Refused(Exception):
    """A refusal in words fit for the person who asked.

    `field` names the form field the words belong beside; None puts them on top of the form.
    """

    def __init__(self, words: str, field: str | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.field = field
