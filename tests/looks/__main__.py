"""Writes every style page, plain and with errors, into a folder to be looked at."""

import shutil
import sys
from pathlib import Path

from tests.looks import CHARTER, PAGES, WRONG, render

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    shutil.copytree(CHARTER / "static", folder / "static", dirs_exist_ok=True)
    for name in PAGES:
        for kind, typed in (("", None), ("-errors", WRONG)):
            html = render(name, typed, static_url=lambda path: f"static/{path}")
            (folder / f"{name}{kind}.html").write_text(html, encoding="utf-8")
