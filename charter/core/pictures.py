"""Makes a new picture from the pixels of an uploaded one, in a separate, limited process.

Decoders meet hostile bytes, so they run where there is nothing to take: this file is also the
program of that process. It is started by its path, alone, with an empty environment, imports
nothing of ours and holds no key, setting or database. It has the decoders loaded, and forks once
for each picture; the fork may use so much memory and time, opens and writes no file, and is
killed when its time is up. What comes back is a new picture: no metadata, no old bytes.

This limits what a fault in a decoder can reach. It is not a jail: the process runs as the same
user of the machine.
"""

import atexit
import contextlib
import gc
import io
import math
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP")
PIXELS = 40_000_000
LONGEST = 2000
QUALITY = 82
SECONDS = 10.0
MEMORY_BYTES = 768 * 1024 * 1024
REPLY_BYTES = 4 * LONGEST * LONGEST + 1024 * 1024
AT_ONCE = 2
LINE = 7
TAKEN = b"+"

Fault = Literal["pixels", "unreadable", "time"]
_MEDIA = {b"JPEG": "image/jpeg", b"PNG": "image/png"}
_FAULTS: dict[bytes, Fault] = {b"pixels": "pixels", b"unreadable": "unreadable"}
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureFault(Exception):
    """No picture came out: too many `pixels`, `unreadable` bytes, or out of `time`."""

    def __init__(self, kind: Fault) -> None:
        super().__init__(kind)
        self.kind: Fault = kind


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture made here: its bytes, and whether they are a JPEG or a PNG."""

    media_type: str
    content: bytes


def develop(original: bytes, *, seconds: float = SECONDS) -> Picture:
    """Rebuild a JPEG, PNG or WebP in the separate process, or raise PictureFault.

    At most `AT_ONCE` are worked on at the same time; `seconds` is the wall time one may take.
    """
    with _turn:
        try:
            reply = _darkroom.ask(original, seconds)
        except ConnectionError:
            reply = _darkroom.ask(original, seconds)
    head, _, content = reply.partition(b"\n")
    if head in _MEDIA:
        return Picture(_MEDIA[head], content)
    raise PictureFault(_FAULTS.get(head, "time"))


class _Darkroom:
    """The separate process as this one sees it: started when first needed, and again if gone."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._line: socket.socket | None = None
        self._process: int | None = None
        self._owner = 0

    def ask(self, original: bytes, seconds: float) -> bytes:
        """Send one picture and wait for the answer; b"" when the fork was stopped.

        Raises ConnectionError when nobody was there to take it.
        """
        mine, theirs = socket.socketpair()
        with mine:
            with theirs:
                line = self._hand_over(theirs, seconds)
            mine.settimeout(seconds + 5)
            with contextlib.suppress(OSError):
                mine.sendall(original)
                mine.shutdown(socket.SHUT_WR)
            answer = _answer(mine, time.monotonic() + seconds + 5)
        if not answer.startswith(TAKEN):
            self._drop(line)
            raise ConnectionResetError
        return answer.removeprefix(TAKEN)

    def _hand_over(self, talk: socket.socket, seconds: float) -> socket.socket:
        with self._guard:
            line = self._line or self._open()
        try:
            socket.send_fds(line, [struct.pack("!d", seconds)], [talk.fileno()])
        except OSError as fault:
            self._drop(line)
            raise ConnectionResetError from fault
        return line

    def _drop(self, line: socket.socket) -> None:
        with self._guard:
            if self._line is line:
                self._close()

    def _open(self) -> socket.socket:
        self._line, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            self._process = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", str(Path(__file__).resolve())],
                {},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, number, LINE),
                    *((os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_RDWR, 0) for n in (0, 1, 2)),
                ],
                setsid=True,
            )
        self._owner = os.getpid()
        return self._line

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None and self._owner == os.getpid():
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)
        self._process = None

    def close(self) -> None:
        """Let the process go; the next picture starts another."""
        with self._guard:
            self._close()


_darkroom = _Darkroom()
_turn = threading.BoundedSemaphore(AT_ONCE)
atexit.register(_darkroom.close)


def _answer(talk: socket.socket, until: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while (left := until - time.monotonic()) > 0 and size <= REPLY_BYTES:
        talk.settimeout(left)
        try:
            part = talk.recv(65536)
        except OSError:
            return b""
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    return b""


# From here on: what runs in the separate process.


def rebuild(original: bytes) -> tuple[bytes, bytes]:
    """The format's name and bytes of a new picture, upright, at most LONGEST pixels a side."""
    with Image.open(io.BytesIO(original), formats=FORMATS) as source:
        turn = _turn_of(source)
        if source.format in ("JPEG", "MPO"):  # can be read at a half, a quarter or an eighth
            source.thumbnail((LONGEST, LONGEST), reducing_gap=1.0)
        source.load()
        picture = _plain(source)
        picture.thumbnail((LONGEST, LONGEST))
        if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
            picture = picture.convert("RGB")
    if turn is not None:
        picture = picture.transpose(turn)
    clean = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    if clean.mode == "P":
        clean.putpalette(picture.getpalette() or [])
    out = io.BytesIO()
    if clean.mode in ("P", "RGBA"):
        clean.save(out, "PNG")
        return b"PNG", out.getvalue()
    clean.save(out, "JPEG", quality=QUALITY)
    return b"JPEG", out.getvalue()


def _turn_of(source: Image.Image) -> Image.Transpose | None:
    try:
        return _TURNS.get(source.getexif().get(_ORIENTATION, 1))
    except Exception:
        return None  # whatever is wrong with the metadata is thrown away with it


def _plain(source: Image.Image) -> Image.Image:
    """The picture in one of four modes: grey, colour, colour with transparency, small palette."""
    if source.has_transparency_data:
        return source if source.mode == "RGBA" else source.convert("RGBA")
    if source.mode in ("L", "RGB"):
        return source
    if source.mode.startswith("I;16"):
        return source.point(lambda shade: shade * (1 / 256)).convert("L")
    if source.mode in ("1", "P") and max(source.size) <= LONGEST:
        return source.convert("P")
    return source.convert("RGB")


def _limit(seconds: float) -> None:
    processor = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE):
        resource.setrlimit(kind, (0, 0))


def _one(talk: socket.socket, seconds: float) -> None:
    talk.sendall(TAKEN)
    _limit(seconds)
    parts: list[bytes] = []
    while part := talk.recv(262144):
        parts.append(part)
    try:
        head, content = rebuild(b"".join(parts))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        head, content = b"pixels", b""
    except Exception:
        head, content = b"unreadable", b""
    talk.sendall(head + b"\n" + content)


def _warm() -> None:
    """Have everything loaded that a fork needs: it can open no file, so it can import nothing."""
    # Other warnings are about metadata, which is thrown away: no reason to refuse a photo.
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS
    turned = Image.Exif()
    turned[_ORIENTATION] = 6
    for kind in (*FORMATS, "MPO"):  # several JPEGs in one, as phones make them
        out = io.BytesIO()
        sample = Image.new("RGB", (9, 9))
        more = [sample] if kind == "MPO" else []
        sample.save(out, kind, exif=turned, save_all=bool(more), append_images=more)
        rebuild(out.getvalue())
    gc.freeze()


def _fork(line: socket.socket, talk_number: int, seconds: float) -> int:
    process = os.fork()
    if process == 0:
        line.close()
        try:
            with socket.socket(fileno=talk_number) as talk:
                _one(talk, seconds)
        finally:
            os._exit(0)
    os.close(talk_number)
    return process


def _reap(running: dict[int, float]) -> None:
    for process, end in list(running.items()):
        if time.monotonic() > end:
            os.kill(process, signal.SIGKILL)
        if os.waitpid(process, os.WNOHANG)[0]:
            del running[process]


def serve(line: socket.socket) -> None:
    """Fork for each picture handed over on `line`, until the other side is gone."""
    _warm()
    running: dict[int, float] = {}
    while True:
        ready = select.select([line], [], [], 0.1 if running else None)[0]
        _reap(running)
        if ready:
            message, numbers, _flags, _address = socket.recv_fds(line, 8, 1)
            if not message:
                break
            seconds = struct.unpack("!d", message)[0]
            running[_fork(line, numbers[0], seconds)] = time.monotonic() + seconds
    for process in running:
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    os.chdir("/")
    os.closerange(LINE + 1, 4096)
    serve(socket.socket(fileno=LINE))
