"""Reads the signatures of a PDF that somebody hands in, in a separate, limited process.

A PDF from anywhere is hostile, so it is read where there is nothing to take: by the program
`inspector.py`, started by its path, with an empty environment. It imports nothing of ours and gets
no key, setting or database: only the bytes, on its input. It may use so much memory and time and
writes no file. What comes back is a line of JSON: for each signature whose key made it, whether
what it covers is as it was, and how far into the file it reaches.

This limits what a fault in a parser can reach. It is not a jail: the process runs as the same user
of the machine.
"""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 10
AT_ONCE = 2
_PROGRAM = Path(__file__).with_name("inspector.py")

_turn = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """As many files are being read as may be at one time: try again in a moment."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One signature of a file.

    `certificate` is the signer's, DER. `holds`: it was made by that key over what it covers, and
    not a bit of that changed. `end` is how many bytes of the file it reaches to.
    """

    certificate: bytes
    holds: bool
    end: int


def signatures(content: bytes) -> list[Seen] | None:
    """Every signature that can be read in a file; None for what cannot be read as a PDF.

    Raises Busy.
    """
    if not _turn.acquire(timeout=1):
        raise Busy
    try:
        done = subprocess.run(  # noqa: S603 - a file of ours, nothing from outside in its name
            [sys.executable, "-I", str(_PROGRAM)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    finally:
        _turn.release()
    if done.returncode:
        return None
    found: list[list[Any]] = json.loads(done.stdout)
    return [Seen(bytes.fromhex(der), holds, end) for der, holds, end in found]
