"""Writes the manual pages: `python -m scripts.manual DIRECTORY`, in a checkout, where eve-meta is installed.

SOURCE_DATE_EPOCH, if it is set, is the time whose date they have. See reproducible-builds.org.
"""

import os
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from scripts.manual import commands, document
from scripts.manual.roff import Edition


def write(directory: Path) -> None:
    """Write all pages into a directory, each named as `man` wants it: NAME.SECTION."""
    now = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), UTC)
    edition = Edition(version("eve-meta"), now.date())
    markdown = Path("docs", "document.md").read_text(encoding="utf-8")
    for page in (*commands.pages(edition), document.page(edition, markdown)):
        (directory / page.file).write_text(page.text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
