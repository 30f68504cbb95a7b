"""Pictures and other files as phones, cameras, and people with bad intentions send them."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

SCRIPT = b"<script>alert(1)</script>"
SECRET = b"Canary Street 7"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def make_picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **save: Any
) -> bytes:
    """A picture whose left top corner is red and the rest blue, in any format and mode."""
    picture = Image.new("RGB", size, (20, 40, 200))
    picture.paste((220, 20, 20), (0, 0, max(1, size[0] // 2), max(1, size[1] // 2)))
    return _saved(picture.convert(mode), kind, **save)


def make_photo(size: tuple[int, int] = (4000, 3000), kind: str = "JPEG") -> bytes:
    """A picture with as much in it as a photo has."""
    noise = Image.effect_noise((size[0] // 8, size[1] // 8), 60)
    return _saved(noise.resize(size, Image.Resampling.BICUBIC).convert("RGB"), kind)


def make_pdf(size: int = len(PDF)) -> bytes:
    """A PDF of so many bytes."""
    return PDF.replace(b"\ntrailer", b"\n%" + b"x" * (size - len(PDF) - 2) + b"\ntrailer", 1)


def _saved(picture: Image.Image, kind: str, **save: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **save)
    return out.getvalue()


def _exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()
    exif[0x0112] = orientation
    exif[0x927C] = b"maker" + SECRET
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (IFDRational(51), IFDRational(27), IFDRational(14))
    return exif


def telling() -> dict[str, bytes]:
    """Good pictures that carry more than their pixels: every one holds SECRET or SCRIPT."""
    plain = make_picture()
    notes = PngInfo()
    notes.add_text("Comment", SECRET.decode())
    notes.add_text("Long", SECRET.decode() * 9, zip=False)
    colours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("inside.html", SCRIPT)
    thumbnail = plain[:2] + _segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + SECRET + plain) + plain[2:]
    return {
        "exif with gps": make_picture(exif=_exif()),
        "comment": make_picture(comment=SCRIPT),
        "colour profile": make_picture(icc_profile=colours),
        "xmp": plain[:2] + _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET) + plain[2:],
        "iptc": plain[:2] + _segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0" + SECRET) + plain[2:],
        "thumbnail": thumbnail,
        "appended zip": plain + archive.getvalue() + SCRIPT,
        "appended html": plain + SCRIPT,
        "png text": make_picture("PNG", pnginfo=notes),
        "png exif": make_picture("PNG", exif=_exif()),
        "png appended": make_picture("PNG") + SCRIPT,
        "webp exif": make_picture("WEBP", exif=_exif()),
        "webp xmp": make_picture("WEBP", xmp=SECRET),
    }


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    """A picture that asks to be turned when shown (Exif 2.3, tag 0x0112)."""
    return make_picture(kind, exif=_exif(orientation), quality=95)


def odd() -> dict[str, bytes]:
    """Rare but honest pictures, which have to be taken."""
    frames = [Image.new("RGB", (40, 30), (n % 255, 0, 0)) for n in range(300)]
    broken_exif = make_picture()
    broken_exif = (
        broken_exif[:2]
        + _segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\x00\x09\x01\x12\x00")
        + broken_exif[2:]
    )
    return {
        "one pixel": make_picture("PNG", (1, 1)),
        "a line": make_picture("JPEG", (1, 65_500)),
        "a flat line": make_picture("PNG", (65_535, 1)),
        "cmyk": make_picture(mode="CMYK"),
        "grey": make_picture(mode="L"),
        "two colours": make_picture("PNG", mode="1"),
        "palette": make_picture("PNG", mode="P"),
        "large palette": make_picture("PNG", (3000, 20), mode="P"),
        "16 bit": _saved(
            Image.linear_gradient("L").convert("I;16").point(lambda v: v * 257), "PNG"
        ),
        "grey and clear": make_picture("PNG", mode="LA"),
        "clear": make_picture("PNG", mode="RGBA"),
        "clear colour": make_picture("PNG", transparency=(20, 40, 200)),
        "progressive": make_picture(progressive=True),
        "moving png": _saved(frames[0], "PNG", save_all=True, append_images=frames[1:20]),
        "moving webp": _saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "broken exif": broken_exif,
        "several in one": make_picture("MPO", save_all=True, append_images=frames[:2]),
    }


def unreadable() -> dict[str, bytes]:
    """Pictures of a kind we take that cannot be read to their end."""
    jpeg, png, webp = make_photo((400, 300)), make_picture("PNG"), make_picture("WEBP")
    return {
        "half a jpeg": jpeg[: len(jpeg) // 2],
        "half a png": png[: len(png) // 2],
        "half a webp": webp[: len(webp) // 2],
        "only a start": b"\xff\xd8\xff",
        "only a png's start": png[:20],
        "broken checksum": png.replace(b"IDAT", b"IDAX"),
        "text that inflates": _png(_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))),
        "profile that inflates": _png(_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(9**8)))),
    }


def bombs() -> dict[str, bytes]:
    """Small files that claim to be huge pictures."""
    return {
        "png of 50,000 squared": _png(size=(50_000, 50_000)),
        "png of 12,000 squared": _png(size=(12_000, 12_000)),
        "png of 8,000 squared": _png(size=(8_000, 8_000)),
        "png of 6,400 squared": _png(size=(6_400, 6_400)),
        "jpeg of 65,000 squared": _resized_jpeg(65_000, 65_000),
    }


def slow(scans: int = 20_000, side: int = 4_000) -> bytes:
    """A progressive JPEG with one of its scans said over and over."""
    jpeg = _saved(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    start = jpeg.rindex(b"\xff\xda")
    return jpeg[:start] + jpeg[start:-2] * scans + jpeg[-2:]


def strangers() -> dict[str, bytes]:
    """Files of kinds we do not take, whatever they call themselves."""
    word = io.BytesIO()
    with zipfile.ZipFile(word, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", "<w:document/>")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.txt", "hello")
    return {
        "docx": word.getvalue(),
        "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "rtf": b"{\\rtf1\\ansi hello}",
        "zip": archive.getvalue(),
        "tiff": make_picture("TIFF"),
        "gif": make_picture("GIF"),
        "heic": b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + bytes(90),
        "avif": b"\0\0\0\x24ftypavif\0\0\0\0mif1avif" + bytes(90),
        "raw": b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + bytes(90),
        "mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(90),
        "mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(90),
        "webm": b"\x1aE\xdf\xa3" + bytes(90),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "psd": b"8BPS\0\1" + bytes(90),
        "bmp": make_picture("BMP"),
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
        "html": b"<!doctype html>" + SCRIPT,
        "late pdf": b"GARBAGE" + PDF,
        "nul": bytes(500),
    }


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(more: bytes = b"", size: tuple[int, int] = (9, 9)) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + head + more + pixels + _chunk(b"IEND", b"")


def _resized_jpeg(width: int, height: int) -> bytes:
    jpeg = make_picture()
    frame = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:frame] + struct.pack(">HH", height, width) + jpeg[frame + 4 :]
