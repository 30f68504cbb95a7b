"""A closed-loop client: each of its callers sends the next request when the last answer is whole.

Bare sockets and a new connection for every request (the server's sync workers close them anyway),
so that the client's own work is small beside what it measures.
"""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles

from bench.servers import Server

Next = Callable[[], bytes]


class WrongAnswer(Exception):
    """A page did not answer as it should, so its time would mean nothing."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Times of one page at one number of callers, in milliseconds.

    `best` is the 5th percentile and `cpu` the server's processor time for each request: both are
    steadier than the median where the machine is shared.
    """

    best: float
    p50: float
    p95: float
    per_second: float
    size: int
    count: int
    cpu: float


def message(
    method: str,
    path: str,
    *,
    cookie: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """One HTTP request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def send(port: int, request: bytes, expect: int) -> bytes:
    """The whole answer to one request. Raises WrongAnswer for any other status."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        parts = []
        while part := connection.recv(262144):
            parts.append(part)
    answer = b"".join(parts)
    if not answer.startswith(b"HTTP/1.1 %d " % expect):
        asked = request.split(b"\r\n", 1)[0].decode()
        raise WrongAnswer(f"{asked}: wanted {expect}, got {answer[:400]!r}")
    return answer


def measure(
    server: Server,
    following: Next,
    expect: int,
    *,
    seconds: float,
    callers: int = 1,
    warm: int = 3,
) -> Figures:
    """Call for so many seconds and give the times; `following` gives each request to send.

    At least three requests a caller are made, however slow the page.
    """
    for _ in range(warm):
        size = len(send(server.port, following(), expect))
    times: list[list[float]] = [[] for _ in range(callers)]
    faults: list[Exception] = []
    spent, began = server.spent(), time.perf_counter()

    def call(mine: list[float]) -> None:
        try:
            while len(mine) < 3 or time.perf_counter() - began < seconds:
                request = following()
                start = time.perf_counter()
                send(server.port, request, expect)
                mine.append((time.perf_counter() - start) * 1000)
        except (OSError, WrongAnswer) as fault:
            faults.append(fault)

    threads = [threading.Thread(target=call, args=(mine,)) for mine in times]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    took, spent = time.perf_counter() - began, server.spent() - spent
    every = sorted(each for mine in times for each in mine)
    twentieths = quantiles(every, n=20, method="inclusive")
    return Figures(
        best=twentieths[0],
        p50=median(every),
        p95=twentieths[-1],
        per_second=len(every) / took,
        size=size,
        count=len(every),
        cpu=spent / len(every),
    )
