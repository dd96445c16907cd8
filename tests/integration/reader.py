"""Somebody who does what a page shows, from its beginning to its end, on a host of his own.

What the page takes for granted (a VM, a file, a document) is made by a file of the page's name in `readers`.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.docs.examples import Example
from tests.docs.pages import ROOT

READERS = Path(__file__).with_name("readers")
SECONDS = 90

_HOST = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", str(ROOT / "scripts" / "sandbox"))
_SESSION = """
set -eEo pipefail
trap 'echo "reader: at: $BASH_COMMAND" >&2' ERR
. "$1/host.sh"
. "$1/$2.sh"
for each in "$PWD"/.examples/*; do
    case "$each" in
    *.fails) if . "$each"; then echo "it should have failed"; false; fi ;;
    *) . "$each" ;;
    esac >"$each.out" 2>&1 </dev/null
done
"""


def printed(name: str, examples: Sequence[Example], directory: Path) -> list[str]:
    """What each example of a page prints, in an empty directory. All that it makes elsewhere is gone then.

    Raises:
        AssertionError: one failed that is not shown to, or did not fail.
    """
    (directory / ".examples").mkdir()
    paths = [_written(directory / ".examples", number, each) for number, each in enumerate(examples)]
    done = subprocess.run(
        [*_HOST, "bash", "-c", _SESSION, "bash", str(READERS), name],
        cwd=directory,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    outputs = [Path(f"{path}.out") for path in paths]
    said = [each.read_text(encoding="utf-8") if each.exists() else "" for each in outputs]
    begun = sum(each.exists() for each in outputs)
    assert done.returncode == 0, f"{_last(examples, begun)}{''.join(said[begun - 1 : begun])}{done.stderr}"
    return said


def _written(directory: Path, number: int, example: Example) -> Path:
    path = directory / f"{number:03}{'.fails' if example.fails else ''}"
    path.write_text(example.command, encoding="utf-8")
    return path


def _last(examples: Sequence[Example], begun: int) -> str:
    return f"line {examples[begun - 1].line}: {examples[begun - 1].command}" if begun else "before the page\n"
