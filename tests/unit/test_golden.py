"""Every path of a rich and of a minimal document, byte for byte.

After a change that is meant, write the golden files anew with `PYTHONPATH=. python tests/unit/test_golden.py`
and read the difference. A line holds the path, the content type and the body as Python would write it.
"""

from pathlib import Path

import pytest

from eve_meta.answer import Metadata, Request, answer, paths
from eve_meta.document import parse
from eve_meta.document.notation import load

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
DOCUMENTS = {
    "rich": HERE.parents[1] / "docs" / "example.yaml",
    "minimal": GOLDEN / "minimal.yaml",
}


def fixed(_count: int) -> bytes:
    """The same seed at each reading, and a short one."""
    return b"seed"


def rendered(name: str) -> str:
    """All that a guest is told."""
    metadata = Metadata(parse(load(DOCUMENTS[name].read_bytes())), bytes(32))
    return "".join(line(metadata, path) for path in paths(metadata))


def line(metadata: Metadata, path: str) -> str:
    """What a guest is told at one path."""
    got = answer(metadata, Request(b"GET", path.encode(), {}), 0, fixed)
    (_, content_type), (other, _) = got.headers
    assert (200, b"ETag") == (got.status, other)
    return f"{path} [{content_type.decode()}] {str(got.body)[1:]}\n"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_golden(name: str) -> None:
    """All formats are answered as they were when somebody last read the golden file."""
    assert (GOLDEN / f"{name}.txt").read_text(encoding="utf-8") == rendered(name)


if __name__ == "__main__":
    for each in DOCUMENTS:
        (GOLDEN / f"{each}.txt").write_text(rendered(each), encoding="utf-8")
