"""Reads the signatures of a PDF that somebody hands in, in a separate, limited process.

A PDF from anywhere is hostile, so it is read where there is nothing to take: this file is also the
program of that process. It is started by its path, with an empty environment, imports nothing of
ours and gets no key, setting or database: only the bytes, on its input. It may use so much memory
and time and writes no file. What comes back is a line of JSON: for each signature whose key made
it, whether what it covers is as it was, and how far into the file it reaches.

This limits what a fault in a parser can reach. It is not a jail: the process runs as the same user
of the machine.
"""

import io
import json
import resource
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

SECONDS = 10
CPU_SECONDS = 8
MEMORY_BYTES = 768 * 1024 * 1024
AT_ONCE = 2
MOST_SIGNATURES = 10

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
        done = subprocess.run(  # noqa: S603 - this very file, with nothing from outside in its name
            [sys.executable, "-I", __file__],
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


def _read(content: bytes) -> list[tuple[str, bool, int]]:
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    return [_seen(each) for each in list(reader.embedded_signatures)[:MOST_SIGNATURES]]


def _seen(each: Any) -> tuple[str, bool, int]:
    start, length, again, rest = map(int, each.byte_range)
    end = again + rest
    der = each.signer_cert.dump().hex()
    try:
        each.compute_integrity_info(skip_diff=True)
        intact, valid = validate_sig_integrity(
            each.signer_info, each.signer_cert, "data", each.compute_digest()
        )
    except (ValueError, CMSExtractionError, NotImplementedError):
        return der, False, end
    # The hole in what is covered is the signature itself and nothing else.
    hole = len(each.pkcs7_content) * 2 + 2
    whole = start == 0 and again - length == hole
    return der, bool(intact and valid and whole), end


def _main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.write(json.dumps(_read(sys.stdin.buffer.read())))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
