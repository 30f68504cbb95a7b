"""A visitor to the application: a test client whose every page is also inspected."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from tests.page import Page, inspect

RAW_TOKEN = "a" * 40


class Visitor:
    """One browser: it keeps its cookies, sends form tokens, and looks at each page it gets."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
        self._form_token = signer.dumps(RAW_TOKEN)

    def get(self, url: str, status: int = 200) -> Page:
        """Open a page, expect this status, and inspect what came."""
        response = self.client.get(url, base_url="https://localhost")
        assert response.status_code == status, _words(response, url)
        return inspect(response.get_data(as_text=True), status)

    def answer(self, url: str, **more: Any) -> TestResponse:
        """The bare answer to a GET, whatever it is: a file, a redirect, a refusal."""
        return self.client.get(url, base_url="https://localhost", **more)

    def post(self, url: str, data: dict[str, Any] | None = None, status: int = 303) -> TestResponse:
        """Send a form with its token, expect this status, and give the bare answer."""
        response = self.sent(url, data)
        assert response.status_code == status, _words(response, url)
        return response

    def sent(self, url: str, data: dict[str, Any] | None = None) -> TestResponse:
        """The bare answer to a form sent with its token, whatever it is."""
        with self.client.session_transaction(base_url="https://localhost") as session:
            session.setdefault("csrf_token", RAW_TOKEN)
            token = self._form_token
            if session["csrf_token"] != RAW_TOKEN:
                session["csrf_token"] = RAW_TOKEN
        return self.client.post(
            url,
            data={"csrf_token": token, **(data or {})},
            base_url="https://localhost",
            headers={"Referer": f"https://localhost{url}"},
        )

    def refused(self, url: str, data: dict[str, Any] | None = None, status: int = 200) -> Page:
        """Send a form that comes back with words, and inspect that page."""
        return inspect(self.post(url, data, status).get_data(as_text=True), status)

    def goes_to(self, response: TestResponse) -> str:
        """Where an answer sends the visitor: path and query."""
        location = response.headers["Location"]
        return location.removeprefix("https://localhost")


def _words(response: TestResponse, url: str) -> str:
    body = response.get_data(as_text=True)[:1500]
    return f"{url}: {response.status_code} {response.headers.get('Location', '')}\n{body}"
