"""Outgoing mail: with its cause or not at all, at most twice, never in plain text (F036-F045)."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import UndefinedError, meta
from sqlalchemy import inspect

from charter import config
from charter.core import clock, letters, mail, postman
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from tests.builders import mailservers as servers
from tests.builders.settings import make_bare_app, make_settings

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
LINK = "/come/in/S3CRET-T0KEN"


# What a mail may tell besides its link: until when, when it starts, what day was the last.
DATES = ("until", "starts", "last_day")
# And how far a numbered book has come.
MARK = letters.Mark(7, NOW.date(), 12, 3, "-".join(["0AF9"] * 8))


def values(kind: str) -> dict[str, Any]:
    """Everything that the template of a kind asks for."""
    day = NOW + timedelta(days=7)
    link = config.current().public_url + LINK
    given = {"link": link, "marks": (MARK,), **dict.fromkeys(DATES, day)}
    return {name: value for name, value in given.items() if name in asked(kind)}


def asked(kind: str) -> set[str]:
    """The names that a template uses, its parent's included."""
    names: set[str] = set()
    for place in (f"{kind}.txt", "_letter.txt"):
        source = (letters.FOLDER / place).read_text("utf-8")
        names |= meta.find_undeclared_variables(letters._env.parse(source))
    return names


def use(app: Flask, **settings: Any) -> None:
    app.extensions["charter.settings"] = replace(
        app.extensions["charter.settings"],
        **settings,
    )


def posted(app: Flask, count: int = 1, kind: str = "something-waits") -> list[int]:
    with app.app_context():
        lock(CITY)
        rows = [mail.post(kind, f"person{n}@mail.example", **values(kind)) for n in range(count)]
        commit()
        return [row.id for row in rows if row]


def delivered(app: Flask, limit: int = 50) -> int:
    with app.app_context():
        return mail.deliver(limit)


@pytest.fixture
def one_waits(app: Flask) -> Iterator[None]:
    """One mail waits, and the clock stands still at the moment it was posted."""
    with clock.moved_to(NOW):
        posted(app)
        yield


def state(app: Flask, number: int = 1) -> OutboxMail:
    with app.app_context():
        found = db.session.get_one(OutboxMail, number)
        db.session.expunge(found)
        return found


# What a mail says.


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Flask]:
    app = make_bare_app(make_settings(tmp_path))
    with app.app_context():
        yield app


def test_there_is_a_template_for_each_kind() -> None:
    assert set(letters.kinds()) >= {
        "champion-left",
        "invitation",
        "password-changed",
        "reset-password",
        "second-factor-changed",
        "sign-up-confirm",
        "sign-up-decision",
        "something-lapsed",
        "something-waits",
    }


@pytest.mark.parametrize("kind", letters.kinds())
def test_a_template_can_hold_nothing_but_links_dates_and_the_citys_words(
    bare: Flask, kind: str
) -> None:
    assert asked(kind) <= {"link", *DATES, "marks", "city"}
    letter = letters.write(kind, values(kind))
    text = f"{letter.subject}\n{letter.body}"
    told = text.replace(config.current().public_url + LINK, "")
    assert text.count(LINK) == 1
    assert not re.search(
        r"report|incident|harass|assault|victim|venue|\bbar\b|club|evidence|certificate|{|}",
        told,
        re.IGNORECASE,
    )
    assert "night office" in told
    assert "office@charter.example" in told
    assert any(date in asked(kind) for date in DATES) == ("27 November 2026" in told)


@pytest.mark.parametrize("kind", letters.kinds())
@pytest.mark.parametrize(
    "canary",
    ["The Canary Bar", "https://evil.example/", "https://charter.example", "", 7, None, b"x"],
)
def test_words_have_no_way_into_a_mail(bare: Flask, kind: str, canary: Any) -> None:
    with pytest.raises(ValueError, match=r"neither a link|not a link"):
        letters.write(kind, {**values(kind), "venue": canary})
    for trick in (" The Canary Bar", "\r\nBcc: all@evil.example", "\nSubject: x"):
        with pytest.raises(ValueError, match="not a link"):
            letters.write(kind, {"link": config.current().public_url + "/x" + trick})


@pytest.mark.parametrize("kind", [kind for kind in letters.kinds() if "marks" in asked(kind)])
def test_a_mark_is_figures_and_is_read_back_from_a_mail(bare: Flask, kind: str) -> None:
    with pytest.raises(ValueError, match="a seal is"):
        replace(MARK, seal="The Canary Bar")
    with pytest.raises(ValueError, match="neither a link"):
        letters.write(kind, {**values(kind), "marks": (MARK, "The Canary Bar")})
    other = replace(MARK, book=0, seal="-".join(["12CD"] * 8))
    letter = letters.write(kind, {**values(kind), "marks": (MARK, other)})
    assert letters.marks(letter.body) == [MARK, other]
    assert letters.marks("book 1 on 2026-11-20: 3 lines, 1 entries, seal 0AF9") == []


def test_a_value_left_out_is_a_fault(bare: Flask) -> None:
    with pytest.raises(UndefinedError):
        letters.write("invitation", {"until": NOW})
    with pytest.raises(ValueError, match="no mail of kind"):
        letters.write("../secrets", {})


def test_dates_are_said_as_everywhere_else(bare: Flask) -> None:
    link = config.current().public_url + "/x"
    summer = datetime(2026, 7, 3, 23, 30, tzinfo=UTC)
    assert (
        "Saturday 4 July 2026" in letters.write("invitation", {"link": link, "until": summer}).body
    )
    reset = letters.write("reset-password", {"link": link, "until": summer}).body
    assert "until 00:30 on Saturday 4 July 2026" in reset


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nobody",
        "a@b@c.example",
        "a@mail.example\r\nBcc: all@evil.example",
        "a@mail.example\n",
        "a@mail.example, b@mail.example",
        "Ann <a@mail.example>",
        '"Bcc: x"@mail.example',
        "a b@mail.example",
        "p\u0430ypal@mail.example",
        "info@p\u0430ypal.example",
        "info@bücher.example",
        "info@xn--bcher-kva.example",
        "a" * 65 + "@mail.example",
        "a@" + "b" * 60 + ("." + "b" * 60) * 4,
        "x" * 320 + "@mail.example",
        "a@[127.0.0.1]",
        "a@mail.example\0",
    ],
)
def test_an_address_of_any_other_shape_is_refused(bad: str) -> None:
    with pytest.raises(Refused, match="e-mail address"):
        mail.address(bad)


def test_a_plain_address_is_taken() -> None:
    assert mail.address("Ann.O'Hara+night@Mail.Example") == "Ann.O'Hara+night@mail.example"


def test_a_header_of_two_lines_cannot_be_made() -> None:
    letter = postman.Envelope("a@b.example", "N", "c@d.example", "x\r\nBcc: e", "b", "<1@b>", NOW)
    with pytest.raises(ValueError, match="linefeed"):
        letter.message()


# The outbox.


def test_recipient_and_text_lie_sealed(app: Flask) -> None:
    number = posted(app)[0]
    with app.app_context():
        raw = db.session.execute(db.text("SELECT * FROM outbox_mail")).one()
        for canary in (b"person0", b"S3CRET", b"Something waits"):
            assert not [value for value in raw if canary in _bytes(value)]
        found = db.session.get_one(OutboxMail, number)
        assert found.recipient == "person0@mail.example"
        assert LINK in (found.body or "")
        assert mail.waiting() == 1


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def test_a_mail_goes_away_with_the_change_that_caused_it(app: Flask) -> None:
    with app.app_context():
        lock(CITY)
        mail.post("something-waits", "a@mail.example", **values("something-waits"))
        db.session.rollback()
        assert mail.waiting() == 0


def test_a_reminder_is_written_once_however_often_the_job_runs(app: Flask) -> None:
    for _ in range(3):
        with app.app_context():
            lock(CITY)
            twice = [
                mail.post(
                    "something-waits",
                    "a@mail.example",
                    dedupe="proof:12:first:2026-11-20",
                    **values("something-waits"),
                )
                for _ in range(2)
            ]
            commit()
            assert twice[1] is None
            assert mail.waiting() == 1


def test_two_hosts_at_once_write_one_reminder(app: Flask) -> None:
    start = threading.Barrier(4)
    faults: list[BaseException] = []

    def remind() -> None:
        try:
            with app.app_context():
                start.wait()
                lock(CITY)
                mail.post(
                    "something-waits", "a@mail.example", dedupe="x", **values("something-waits")
                )
                commit()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=remind) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with app.app_context():
        assert mail.waiting() == 1


@pytest.mark.sqlite_only
def test_without_a_mail_server_a_city_waits_and_a_demo_reads(app: Flask) -> None:
    posted(app, 2)
    assert delivered(app) == 0
    with app.app_context():
        assert mail.waiting() == 2
        with pytest.raises(RuntimeError, match="those they are sent to"):
            mail.inbox()
    use(app, demo=True)
    with app.app_context():
        shown = mail.inbox()
        assert [one.recipient for one in shown] == ["person1@mail.example", "person0@mail.example"]
        assert LINK in shown[0].body
        assert shown[0].subject == "Something waits for you in Night Safety Charter"


# On its way.


def test_a_mail_arrives_whole_and_is_wiped(app: Flask, one_waits: None) -> None:
    with servers.good_server() as (kept, port):
        use(app, smtp=servers.plain(port))
        assert delivered(app) == 1
        assert delivered(app) == 0
    sent = message_from_bytes(kept.mails[0], policy=default)
    assert kept.recipients == ["person0@mail.example"]
    assert sent["From"] == "Night Safety Charter <no-reply@charter.example>"
    assert sent["To"] == "person0@mail.example"
    assert sent["Subject"] == "Something waits for you in Night Safety Charter"
    assert sent["Date"] == "Fri, 20 Nov 2026 20:00:00 +0000"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@[a-z.]+>", sent["Message-ID"])
    assert set(sent.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
        *{name for name in sent if name in ("X-Peer", "X-MailFrom", "X-RcptTo")},
    }
    assert sent.get_content_type() == "text/plain"
    assert LINK in sent.get_content()
    done = state(app)
    assert (done.sent_at, done.failed_at, done.tries, done.last_error) == (NOW, None, 1, None)
    assert done.recipient_sealed is done.subject_sealed is done.body_sealed is None
    with app.app_context():
        assert mail.waiting() == 0
        assert list(mail.in_trouble()) == []


@pytest.mark.parametrize("where", ["to_recipient", "to_text"])
def test_a_mail_refused_for_now_is_tried_again_later(
    app: Flask, one_waits: None, where: str
) -> None:
    with servers.good_server() as (kept, port):
        use(app, smtp=servers.plain(port))
        setattr(kept, where, ["451 busy", "421 later"])
        now = NOW
        for wait, error in ((1, "code-451"), (5, "code-421")):
            with clock.moved_to(now):
                assert delivered(app) == 0
            waits = state(app)
            assert waits.last_error == error
            assert 0.8 <= (waits.due_at - now) / timedelta(minutes=wait) <= 1.2
            with clock.moved_to(waits.due_at - timedelta(seconds=1)):
                assert delivered(app) == 0
            now = waits.due_at
        with clock.moved_to(now):
            assert delivered(app) == 1
    assert len(kept.mails) == 1
    assert (state(app).tries, state(app).last_error) == (3, None)


def test_a_mail_refused_for_good_is_given_up_at_once(app: Flask, one_waits: None) -> None:
    with servers.good_server() as (kept, port):
        use(app, smtp=servers.plain(port))
        kept.to_recipient = ["550 no such mailbox"]
        assert delivered(app) == 0
        with clock.moved_to(NOW + timedelta(days=2)):
            assert delivered(app) == 0
    assert kept.mails == []
    done = state(app)
    assert (done.failed_at, done.last_error, done.body_sealed) == (NOW, "code-550", None)
    with app.app_context():
        assert mail.waiting() == 0
        assert [one.recipient for one in mail.in_trouble()] == ["person0@mail.example"]


def test_a_server_that_is_down_is_asked_once_a_round(app: Flask) -> None:
    with clock.moved_to(NOW):
        posted(app, 3)
        use(app, smtp=servers.plain(servers.free_port()))
        assert delivered(app) == 0
        assert [state(app, number).tries for number in (1, 2, 3)] == [1, 0, 0]
        assert state(app).last_error == "unreachable"
        with app.app_context():
            assert mail.waiting() == 3


@pytest.mark.sqlite_only
def test_after_three_days_of_silence_a_mail_is_given_up(app: Flask, one_waits: None) -> None:
    use(app, smtp=servers.plain(servers.free_port()))
    now = NOW
    while state(app).failed_at is None:
        with clock.moved_to(now):
            assert delivered(app) == 0
        now = max(now, state(app).due_at)
    assert timedelta(days=2.4) < now - NOW < timedelta(days=3.7)
    assert state(app).tries == 23


def send(smtp: config.Smtp, seconds: float = 5) -> postman.Outcome:
    letter = postman.Envelope(smtp.sender, "N", "a@mail.example", "s", "b\n.\nc\n", "<1@x>", NOW)
    return postman.send(smtp, letter, seconds=seconds)


@pytest.mark.parametrize("how", [{"greets": ""}, {"greets": "", "drips": True}])
def test_a_server_that_hangs_or_drips_is_left(how: dict[str, Any]) -> None:
    with servers.rude_server(**how) as (_heard, port):
        began = time.monotonic()
        assert send(servers.plain(port), seconds=1) == postman.Outcome("later", "too-slow", True)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "nobody"},
        {"sender": "nö@charter.example"},
        {"sender": "a@b.example\r\nBcc: c@d.example"},
        {"user": "city", "password": "schlüssel"},
    ],
)
def test_a_wrong_setting_of_ours_stops_nothing_for_good(wrong: dict[str, Any]) -> None:
    with servers.good_server(auth_require_tls=False, auth_required=False) as (kept, port):
        outcome = send(replace(servers.plain(port), **wrong))
        assert (outcome.state, outcome.is_unreachable) == ("later", True)
        assert outcome.error in ("settings", "no-tls")
        assert kept.mails == []


def test_a_text_with_a_lone_dot_arrives_whole() -> None:
    with servers.good_server() as (kept, port):
        assert send(servers.plain(port)).state == "sent"
    assert kept.mails[0].endswith(b"b\r\n.\r\nc\r\n")


def test_a_line_that_breaks_after_the_text_is_tried_once_more_and_never_again(
    app: Flask, one_waits: None
) -> None:
    with servers.rude_server(after_text="drop") as (heard, port):
        use(app, smtp=servers.plain(port))
        for minutes in (0, 20, 40, 5000):
            with clock.moved_to(NOW + timedelta(minutes=minutes)):
                assert delivered(app) == 0
    assert heard.count(b"data") == 2
    done = state(app)
    assert done.is_doubtful
    assert done.failed_at == NOW + timedelta(minutes=20)
    assert done.last_error == "cut-off"


def test_a_doubtful_mail_that_then_arrives_is_marked_as_perhaps_twice(
    app: Flask, one_waits: None
) -> None:
    with servers.rude_server(after_text="drop") as (_heard, port):
        use(app, smtp=servers.plain(port))
        assert delivered(app) == 0
    with servers.good_server() as (kept, port), clock.moved_to(NOW + timedelta(minutes=20)):
        use(app, smtp=servers.plain(port))
        assert delivered(app) == 1
    assert state(app).is_doubtful
    assert state(app).sent_at is not None
    assert message_from_bytes(kept.mails[0])["Message-ID"] == state(app).message_id


# In plain text never.


def test_nothing_is_sent_when_starttls_is_taken_away() -> None:
    with servers.rude_server() as (heard, port):
        smtp = replace(servers.plain(port), security="starttls")
        assert send(smtp) == postman.Outcome("later", "no-tls", True)
    assert not [line for line in heard if line[:4].upper() in (b"MAIL", b"DATA", b"AUTH")]


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("name", ["localhost", "other.example"])
def test_tls_needs_a_certificate_of_that_name_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool
) -> None:
    place, context = servers.make_certificate(tmp_path, name)
    other, _ = servers.make_certificate(tmp_path, "unrelated.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(place if trusted else other))
    with servers.good_server(
        tls_context=context, require_starttls=True, authenticator=servers.letting_in
    ) as (kept, port):
        smtp = config.Smtp(
            "localhost", port, "no-reply@charter.example", "city", "let-me-in", "starttls"
        )
        outcome = send(smtp)
    if trusted and name == "localhost":
        assert (outcome.state, len(kept.mails)) == ("sent", 1)
    else:
        assert outcome == postman.Outcome("later", "tls-not-trusted", True)
        assert kept.mails == []


def test_a_wrong_password_of_ours_loses_no_mail(
    app: Flask, one_waits: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, context = servers.make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(place))
    with servers.good_server(tls_context=context, authenticator=servers.letting_in) as (kept, port):
        smtp = config.Smtp("localhost", port, "no-reply@charter.example", "city", "wrong")
        use(app, smtp=smtp)
        assert delivered(app) == 0
        assert state(app).last_error == "sign-in-refused"
        use(app, smtp=replace(smtp, password="let-me-in"))
        with clock.moved_to(NOW + timedelta(minutes=2)):
            assert delivered(app) == 1
    assert len(kept.mails) == 1


# Killed, and more than one at a time.

DIES = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from charter.accounts.models import User
from charter.core import clock, db, mail, postman
from datetime import datetime
from tests.builders.mailservers import plain
from tests.builders.settings import make_bare_app, make_settings

url, folder, port, moment, step = sys.argv[1:]
app = make_bare_app(make_settings(Path(folder), database_url=url, smtp=plain(int(port))))
db.init_app(app)
real = postman.send

def send(*args, **kwargs):
    if step == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    outcome = real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

postman.send = send
with app.app_context(), clock.moved_to(datetime.fromisoformat(moment)):
    mail.deliver()
"""


@pytest.mark.slow
@pytest.mark.parametrize("steps", [["before"], ["after"], ["before", "after"], ["after", "after"]])
def test_a_worker_killed_in_the_middle_sends_at_most_twice(
    app: Flask, one_waits: None, database_url: str, steps: list[str]
) -> None:
    keys = app.extensions["charter.settings"].secrets
    bare = make_settings(app.extensions["charter.settings"].folder).secrets
    use(app, secrets=replace(bare, session=keys.session))
    with app.app_context():
        db.session.delete(db.session.get_one(OutboxMail, 1))
        db.session.commit()
    number = posted(app)[0]
    now = NOW
    with servers.good_server() as (kept, port):
        use(app, smtp=servers.plain(port))
        for step in steps:
            _killed(database_url, app, port, now, step)
            with clock.moved_to(now + timedelta(minutes=10)):
                assert delivered(app) == 0, "still another worker's, for all we know"
            now += timedelta(minutes=16)
        with clock.moved_to(now):
            delivered(app)
            delivered(app)
    done = state(app, number)
    assert len(kept.mails) <= 2
    assert done.is_doubtful
    if len(steps) == 1:
        assert done.sent_at == now
        assert len(kept.mails) == (1 if steps == ["before"] else 2)
    else:
        assert (done.failed_at, done.last_error) == (now, "unknown")


def _killed(url: str, app: Flask, port: int, moment: datetime, step: str) -> None:
    folder = app.extensions["charter.settings"].folder
    done = subprocess.run(
        [sys.executable, "-c", DIES, url, str(folder), str(port), moment.isoformat(), step],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == -9, done.stderr


def test_two_workers_send_each_mail_once(app: Flask) -> None:
    posted(app, 12)
    with servers.good_server() as (kept, port):
        use(app, smtp=servers.plain(port))
        sent: list[int] = []
        threads = [threading.Thread(target=lambda: sent.append(delivered(app))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(sent) == 12
    assert sorted(kept.recipients) == sorted(f"person{n}@mail.example" for n in range(12))


def test_a_mail_whose_key_is_gone_is_given_up_and_holds_nobody_up(app: Flask) -> None:
    posted(app, 2)
    with app.app_context():
        first = db.session.get_one(OutboxMail, 1)
        first.body_sealed = b"k0\0" + bytes(40)
        db.session.commit()
    with servers.good_server() as (kept, port):
        use(app, smtp=servers.plain(port))
        assert delivered(app) == 1
    assert state(app, 1).last_error == "sealed-away"
    assert kept.recipients == ["person1@mail.example"]


def test_ended_mails_are_forgotten_and_waiting_ones_are_not(app: Flask, one_waits: None) -> None:
    with servers.good_server() as (_kept, port):
        use(app, smtp=servers.plain(port))
        assert delivered(app) == 1
    posted(app)
    with app.app_context(), clock.moved_to(NOW + timedelta(days=91)):
        assert mail.forget() == 1
        assert mail.forget() == 0
        assert mail.waiting() == 1


def test_the_outbox_is_found_by_an_index() -> None:
    names = {index.name for index in inspect(OutboxMail).local_table.indexes}  # type: ignore[attr-defined]  # a table
    assert "ix_outbox_mail_sent_at_failed_at_due_at" in names
