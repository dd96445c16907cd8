"""The labels of real volumes."""

import subprocess
from pathlib import Path

import pytest

from eve_meta.hooks.volumes import HEAD_BYTES, label_of
from tests.support import need_programs


@pytest.mark.parametrize(
    "command",
    [
        "genisoimage -quiet -V {label} -J -R -o {image} {directory}",
        "mkfs.fat -n {label} -C {image} 1440",
        "mkfs.fat -n {label} -F 16 -C {image} 16384",
        "mkfs.fat -n {label} -F 32 -C {image} 40960",
    ],
)
@pytest.mark.parametrize("label", ["CIDATA", "CONFIG-2"])
def test_label(command: str, label: str, tmp_path: Path) -> None:
    program, *options = command.split()
    need_programs(program)
    image, directory = tmp_path / "image", tmp_path / "files"
    directory.mkdir()
    arguments = [option.format(label=label, image=image, directory=directory) for option in options]
    subprocess.run([program, *arguments], check=True, capture_output=True)

    assert label == label_of(image.read_bytes()[:HEAD_BYTES])


@pytest.mark.parametrize("head", [b"", bytes(HEAD_BYTES), b"\xff" * HEAD_BYTES, b"QFI\xfb"])
def test_no_label(head: bytes) -> None:
    assert "" == label_of(head)
