"""Handing a paper out: written to a file, sent as it is read, and gone when it was sent."""

from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from werkzeug.wrappers import Response

# A paper of up to so many bytes never touches the disk; a longer one lies in a file without a name.
IN_MEMORY = 4_000_000
_AT_ONCE = 65_536


def paper_file() -> IO[bytes]:
    """A file for a paper: in memory while it is small, else on disk without a name."""
    return cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # closed by whoever reads it


def download(name: str, write: Callable[[IO[bytes]], None]) -> Response:
    """A paper as an answer, under this name; `write` puts it into a file."""
    file = paper_file()
    try:
        write(file)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    answer = Response(_parts(file), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.content_length = size
    answer.call_on_close(file.close)
    return answer


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_AT_ONCE):
            yield part
