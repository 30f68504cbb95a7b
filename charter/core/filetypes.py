"""What kind of file some bytes are, told by the bytes alone, and what to say to one we do not take.

Pure: no name, no claim of a browser, no decoding.
"""

import re

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
PICTURES = frozenset({JPEG, PNG, WEBP})
PAPERS = frozenset({PDF})

_STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"%PDF-", PDF),
    (b"\xd0\xcf\x11\xe0", "word"),
    (b"{\\rtf", "word"),
    (b"GIF8", "gif"),
    (b"II*\0", "raw"),
    (b"MM\0*", "raw"),
    (b"IIU\0", "raw"),
    (b"FUJIFILM", "raw"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"\0\0\x01\xba", "video"),
)
_OFFICE_PARTS = re.compile(rb"word/|xl/|ppt/|mimetypeapplication/vnd\.oasis")
_BRANDS = {
    b"heic": "heic",
    b"heix": "heic",
    b"heim": "heic",
    b"heis": "heic",
    b"hevc": "heic",
    b"mif1": "heic",
    b"msf1": "heic",
    b"avif": "heic",
    b"avis": "heic",
    b"crx ": "raw",
}
_MEND = {
    "word": "We cannot take Word or other office files. Open it, choose “Save as” or “Export”, "
    "choose PDF, and send the PDF.",
    "heic": "We cannot open this kind of photo (HEIC or AVIF). On an iPhone: Settings, Camera, "
    "Formats, “Most Compatible”, then take it again. Or take a screenshot of the photo "
    "and send that.",
    "raw": "We cannot open camera RAW or TIFF files. Save the picture as a JPEG and send that.",
    "gif": "We cannot take GIF pictures. Take a screenshot of it and send that.",
    "video": "We cannot take videos. Take a photo, or a screenshot of the video, and send that.",
    "zip": "We cannot take ZIP files. Unpack it and send the files one by one.",
}


def kind_of(content: bytes) -> str:
    """A media type that we know, or a short word such as "word" or "heic"; "" for the rest."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"AVI ": "video"}.get(content[8:12], "")
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12].lower(), "video")
    if content[:2] == b"PK":
        return "word" if _OFFICE_PARTS.search(content) else "zip"
    return ""


def advice(kind: str, allow: frozenset[str]) -> str:
    """What to tell somebody whose file is of a kind that is not allowed here: how to mend it."""
    takes = wanted(allow)
    if kind == PDF:
        return f"A PDF does not fit here. Take a photo or a screenshot: we take {takes}."
    if kind in PICTURES:
        return f"A picture does not fit here: we take {takes}."
    return f"{_MEND.get(kind, 'We do not know this kind of file.')} We take {takes}."


def wanted(allow: frozenset[str]) -> str:
    """The kinds allowed, in words."""
    pictures = "JPEG, PNG and WebP pictures" if allow & PICTURES else ""
    papers = "PDF files" if allow & PAPERS else ""
    return " and ".join(part for part in (papers, pictures) if part)


def accept(allow: frozenset[str]) -> str:
    """The `accept` attribute of a file field; listing JPEG makes phones convert their photos."""
    return ",".join(sorted(allow))
