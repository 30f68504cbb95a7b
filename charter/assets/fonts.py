"""Copies the web fonts and merges their two subsets into the TTFs that the PDFs embed.

Run by ``build.sh`` with fonttools installed; the product itself never imports this file.
"""

import shutil
import sys
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

FAMILY = "atkinson-hyperlegible-next"
WEIGHTS = {400: "Regular", 700: "Bold"}
MUST_HAVE = "ŵŷŴŶâêîôûŁłøñçéÉ€£–—‘’“”…·•"


def files(source: Path, weight: int) -> list[Path]:
    """The Latin and the extended Latin subset of one weight, in that order."""
    return [source / f"{FAMILY}-{subset}-{weight}-normal.woff2" for subset in ("latin", "latin-ext")]


def web(source: Path, target: Path) -> None:
    """Copy the web fonts that the stylesheet names."""
    target.mkdir(parents=True, exist_ok=True)
    for weight, name in WEIGHTS.items():
        for subset, path in zip(("latin", "latin-ext"), files(source, weight), strict=True):
            shutil.copyfile(path, target / f"{name.lower()}-{subset}.woff2")


def paper(source: Path, target: Path, scratch: Path) -> None:
    """Merge both subsets of each weight into one TrueType file and check its letters."""
    target.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    for weight, name in WEIGHTS.items():
        parts = []
        for number, path in enumerate(files(source, weight)):
            font = TTFont(path)
            font.flavor = None
            part = scratch / f"{name}-{number}.ttf"
            font.save(part)
            parts.append(str(part))
        merged = Merger().merge(parts)
        missing = [letter for letter in MUST_HAVE if ord(letter) not in merged.getBestCmap()]
        if missing:
            sys.exit(f"{name}: these letters are missing: {' '.join(missing)}")
        merged.save(target / f"AtkinsonHyperlegibleNext-{name}.ttf")


if __name__ == "__main__":
    packages, static, scratch = (Path(argument) for argument in sys.argv[1:4])
    source = packages / "@fontsource" / FAMILY / "files"
    web(source, static / "vendor" / "atkinson")
    paper(source, static / "vendor" / "atkinson" / "ttf", scratch)
    licence = packages / "@fontsource" / FAMILY / "LICENSE"
    shutil.copyfile(licence, static / "vendor" / "atkinson" / "OFL.txt")
