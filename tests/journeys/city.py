"""A whole city for a journey: the application served over HTTP, its mail, people's browsers."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyotp
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from charter import config
from charter.accounts import signin
from charter.accounts.models import User
from charter.app import create_app
from charter.core import clock
from charter.core.db import db
from charter.core.mail import OutboxMail
from tests import browser as browsers

PASSWORD = "a lantern over dark water"


@dataclass(frozen=True)
class City:
    """The running application and where it is reached."""

    app: Flask
    url: str

    def mailed_link(self, to: str) -> str:
        """The first link of the newest mail to an address."""
        with self.app.app_context():
            for mail in db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())):
                if mail.recipient == to and mail.body:
                    found = re.search(rf"{re.escape(self.url)}\S+", mail.body)
                    assert found, mail.body
                    return found[0]
        raise AssertionError(f"no mail to {to}")

    def run(self, *command: str) -> str:
        """What a `flask` command prints; it must succeed."""
        result = self.app.test_cli_runner().invoke(args=list(command))
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output


@contextmanager
def served(settings: config.Settings) -> Iterator[City]:
    """The application on a free port of this machine, over plain HTTP, as a public city."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, Flask("nothing"), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app = create_app(replace(settings, public_url=url, trusted_hosts=("127.0.0.1",)))
    server.app = app
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield City(app, url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


class Person:
    """Somebody with a browser of their own, who reads words and presses buttons."""

    def __init__(self, city: City, tab: Page) -> None:
        self.city = city
        self.tab = tab
        self._secret = ""

    def opens(self, address: str) -> None:
        """Go to a path of the city, or to a whole address."""
        answer = self.tab.goto(address if "://" in address else self.city.url + address)
        assert answer is not None
        assert answer.ok, (answer.status, address)

    def types(self, label: str, text: str) -> None:
        """Fill in the field with this label."""
        self.tab.get_by_label(label, exact=True).first.fill(text)

    def chooses(self, label: str) -> None:
        """Choose a radio button, or tick a box."""
        self.tab.get_by_label(label).first.check()

    def presses(self, button: str) -> None:
        """Press a button, and wait for the page that follows."""
        self.tab.get_by_role("button", name=button).first.click()
        self.tab.wait_for_load_state()

    def follows(self, link: str) -> None:
        """Follow a link by its words."""
        self.tab.get_by_role("link", name=link).first.click()
        self.tab.wait_for_load_state()

    @property
    def heading(self) -> str:
        """The page's own heading."""
        return self.tab.locator("h1").inner_text()

    @property
    def words(self) -> str:
        """Everything the page's main part says."""
        return self.tab.locator("main").inner_text()

    def has(self, selector: str) -> bool:
        """Whether the page has such an element."""
        return self.tab.locator(selector).count() > 0

    def joins(self, link: str, name: str) -> None:
        """Accept an invitation with a new account."""
        self.opens(link)
        self.types("Your name", name)
        self.types("Choose a password", PASSWORD)
        self.presses("Say yes and make my account")

    def is_signed_in(self, user_id: int) -> None:
        """Have this browser signed in as somebody with an account, second factor and all."""
        app = self.city.app
        with app.app_context():
            user = db.session.get_one(User, user_id)
            token = signin.begin(user, device="Firefox on Linux").token
            db.session.commit()
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        value = str(signer.dumps({"_user_id": token, "_fresh": True}))
        self.tab.context.add_cookies([{"name": "session", "value": value, "url": self.city.url}])

    def sets_up_a_second_factor(self) -> None:
        """Scan the square (here: read the key) and type the first code."""
        self.presses("Set it up")
        key = self.tab.locator("main code").first.text_content() or ""
        self._secret = re.sub(r"\s", "", key)
        self.tab.locator("input[name=code]").fill(pyotp.TOTP(self._secret).at(_now()))
        self.presses("Go on")


def _now() -> int:
    return int(clock.now().timestamp())


@contextmanager
def person(
    city: City, browser: Browser, *, width: int = 1280, javascript: bool = False
) -> Iterator[Person]:
    """Somebody with a fresh browser, JavaScript off unless told otherwise."""
    with browsers.page(browser, base_url=city.url, javascript=javascript, width=width) as tab:
        yield Person(city, tab)
