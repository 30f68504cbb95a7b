"""The floor: what Flask, SQLAlchemy Core, Jinja and ReportLab cost with nothing of ours on top.

Bare pages without layout, session, access control or form token, over as many venues as we have
and with our own durability (`synchronous=FULL`). Served by gunicorn as `bench.floor:app`.
"""

import io
import os
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flask import Flask, Response, render_template, request
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import (
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    create_engine,
    event,
    insert,
    text,
)

from charter.core.db import PRAGMAS

LIST = "/list"
DETAIL = "/venues/1"
INSERT = "/reports"
LOGIN = "/login"
PDF = "/venues/1.pdf"

tables = MetaData()
venue = Table(
    "floor_venue",
    tables,
    Column("id", Integer, primary_key=True),
    Column("city", Integer),
    Column("name", String),
    Column("borough", String),
    Column("status", String),
    Column("score", Integer),
    Index("ix_floor_venue_city_id", "city", "id"),
)
commitment = Table(
    "floor_commitment",
    tables,
    Column("venue_id", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String),
    Column("note", String),
)
report = Table(
    "floor_report",
    tables,
    Column("id", Integer, primary_key=True),
    Column("venue_id", Integer, index=True),
    Column("at", Integer),
    Column("body", String),
)


def connect(url: str) -> Engine:
    """An engine with our pragmas on SQLite and the driver's defaults on PostgreSQL."""
    engine = create_engine(url, pool_size=2)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            for pragma in PRAGMAS:
                connection.execute(pragma)

    return engine


def fill(url: str, venues: int) -> None:
    """Make the tables in an empty database, with so many venues of seven commitments each."""
    engine = connect(url)
    tables.create_all(engine)
    rows = [
        {
            "id": number,
            "city": 1,
            "name": f"Venue {number:05}",
            "borough": f"Ward {number % 33}",
            "status": "met",
            "score": number % 100,
        }
        for number in range(1, venues + 1)
    ]
    sevens = [
        {"venue_id": row["id"], "number": number, "state": "met", "note": "until 20 November"}
        for row in rows
        for number in range(1, 8)
    ]
    with engine.begin() as connection:
        connection.execute(insert(venue), rows)
        connection.execute(insert(commitment), sevens)
    engine.dispose()


_PAGE = text(
    "SELECT id, name, borough, status, score FROM floor_venue"
    " WHERE city = :city AND id > :after ORDER BY id LIMIT 50"
)
_VENUE = text("SELECT id, name FROM floor_venue WHERE id = :id")
_SEVEN = text(
    "SELECT number, state, note FROM floor_commitment WHERE venue_id = :id ORDER BY number"
)
_INSERT = text("INSERT INTO floor_report (venue_id, at, body) VALUES (:venue, :at, :body)")

app = Flask("bench.floor")


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine of the database that FLOOR_DATABASE names."""
    return connect(os.environ["FLOOR_DATABASE"])


def _one(venue_id: int) -> tuple[Row[Any], Sequence[Row[Any]]]:
    with engine().connect() as connection:
        name = connection.execute(_VENUE, {"id": venue_id}).one()
        seven = connection.execute(_SEVEN, {"id": venue_id}).all()
    return name, seven


@app.get(LOGIN)
def login() -> str:
    """A form without anything around it."""
    return render_template("login.html", token="abc")


@app.get(LIST)
def venues() -> str:
    """Fifty venues by one indexed query."""
    after = int(request.args.get("after", 0))
    with engine().connect() as connection:
        rows = connection.execute(_PAGE, {"city": 1, "after": after}).all()
    return render_template("list.html", rows=rows)


@app.get("/venues/<int:venue_id>")
def detail(venue_id: int) -> str:
    """One venue and its seven rows."""
    name, seven = _one(venue_id)
    return render_template("detail.html", venue=name, commitments=seven)


@app.get("/venues/<int:venue_id>.pdf")
def pdf(venue_id: int) -> Response:
    """The same as a page of paper, with a font that every reader has."""
    name, seven = _one(venue_id)
    paper = io.BytesIO()
    canvas = Canvas(paper, pagesize=A4)
    canvas.drawString(72, 720, name.name)
    for place, each in enumerate(seven):
        canvas.drawString(72, 690 - 18 * place, f"{each.number} {each.state} {each.note}")
    canvas.showPage()
    canvas.save()
    return Response(paper.getvalue(), mimetype="application/pdf")


@app.post(INSERT)
def add() -> tuple[str, int]:
    """One durable row."""
    row = {
        "venue": int(request.form["venue"]),
        "at": int(time.time()),
        "body": request.form["body"],
    }
    with engine().begin() as connection:
        connection.execute(_INSERT, row)
    return "", 204
