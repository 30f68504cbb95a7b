"""The program that reads the signatures of a strange PDF: bytes in, one line of JSON out.

Run by `inspecting`, alone and limited. Imports nothing of ours.
"""

import io
import json
import resource
import sys
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

CPU_SECONDS = 8
MEMORY_BYTES = 768 * 1024 * 1024
MOST_SIGNATURES = 10


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
        # What cannot be worked through was not made so by us: its seal does not hold.
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
