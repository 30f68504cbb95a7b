"""The form for a photo of a place: looked at, taken in before the lock, with nobody on it."""

from typing import Any

from charter.core import files
from charter.core.errors import Refused
from charter.core.fields import ACCEPT_PHOTOS, Form, Tick, UploadField
from charter.core.files import Received
from charter.core.filetypes import PICTURES


class PhotoForm(Form):
    """A form with a photo of a place; whoever sends one says that nobody can be seen on it."""

    photo = UploadField("A photo", missing=None, accept=ACCEPT_PHOTOS)
    nobody = Tick("Nobody can be seen on my photo")
    received: Received | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """A photo is looked at before it is sent."""
        is_valid = bool(super().validate(extra_validators))
        if self.photo.data and not self.nobody.data:
            self.nobody.errors = [*self.nobody.errors, "Look at your photo, then tick this"]
            return False
        return is_valid

    def receive(self) -> bool:
        """Take the photo in, if there is one; whether it could be. Before the write lock."""
        if not self.photo.data:
            return True
        try:
            self.received = files.receive(self.photo.data, allow=PICTURES, field="photo")
        except Refused as refused:
            self.refuse(refused)
            return False
        return True
