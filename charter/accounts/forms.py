"""What a person may type about themselves and about whom they invite."""

from charter.accounts import passwords
from charter.core.fields import (
    Choice,
    EmailField,
    Form,
    Hidden,
    Menu,
    Password,
    TextLine,
    Tick,
)

NAME_LIMIT = 80
_LENGTH = (
    f"{passwords.SHORTEST} characters or more; {passwords.SUGGESTED} are better. Three or four "
    "words you can remember make a good one. You may paste it."
)


class SignInForm(Form):
    """E-mail address and password."""

    email = EmailField(missing="Enter your e-mail address")
    password = Password()
    next = Hidden()


class CodeForm(Form):
    """The code of a second factor, or a recovery code."""

    code = TextLine(
        "Code",
        limit=60,
        missing="Enter the code",
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false"},
    )


class AddressForm(Form):
    """An e-mail address to send a link to."""

    email = EmailField(missing="Enter your e-mail address")


class ChooseForm(Form):
    """A new password."""

    password = Password(
        "New password", is_new=True, missing="Choose a password", description=_LENGTH
    )


class JoinForm(Form):
    """A new account: what we may call you, and a password."""

    name = TextLine(
        "Your name",
        limit=NAME_LIMIT,
        missing="Enter your name",
        render_kw={"autocomplete": "name"},
    )
    password = Password(
        "Choose a password", is_new=True, missing="Choose a password", description=_LENGTH
    )


class NameForm(Form):
    """What a person is called."""

    name = TextLine(
        "Your name",
        limit=NAME_LIMIT,
        missing="Enter your name",
        render_kw={"autocomplete": "name"},
    )


class PasswordForm(ChooseForm):
    """A new password, with the one that counts now."""

    current = Password("Password you use now", missing="Enter the password you use now")


class NewAddressForm(Form):
    """A new e-mail address, with the password."""

    email = EmailField("New e-mail address", missing="Enter the new e-mail address")
    current = Password("Your password")


class AgainForm(Form):
    """The password once more, before something that matters."""

    current = Password("Your password")


class JustForm(Form):
    """A button: nothing to fill in."""


class InviteForm(Form):
    """Somebody to invite to a venue; the roles to choose from are passed in."""

    role = Choice("What will they be?", missing="Choose what they will be")
    name = TextLine("Their name", limit=NAME_LIMIT, missing="Enter their name")
    email = EmailField("Their e-mail address", missing="Enter their e-mail address")


class AreaManagerForm(Form):
    """Somebody to look after all venues of an operator."""

    operator = Menu("Company", missing="Choose the company")
    name = TextLine("Their name", limit=NAME_LIMIT, missing="Enter their name")
    email = EmailField("Their e-mail address", missing="Enter their e-mail address")


class FactorResetForm(Form):
    """How an administrator made sure who somebody is."""

    checked_how = Choice("How did you make sure who they are?")
    is_sure = Tick("I am sure that it is them", missing="Tick the box once you are sure")
