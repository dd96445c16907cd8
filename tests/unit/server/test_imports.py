"""What a server has in memory before it is confined: all that it needs, and nothing of the agent's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.web import server

from eve_meta.document.notation import load
from eve_meta.server import resource

EXAMPLE = Path(__file__).parents[3] / "docs" / "example.yaml"

PROGRAM = """
import io, json, os, sys
import eve_meta.server.__main__
confined = set(sys.modules)

from twisted.logger import Logger
from eve_meta.answer import Metadata, Request, answer, paths
from eve_meta.document import parse
from eve_meta.errors import DocumentError
from eve_meta.log import start_logging

metadata = Metadata(vm=parse(json.loads(sys.stdin.read())), token_key=bytes(32))
for path in (*paths(metadata), "/nowhere", "/%ff"):
    answer(metadata, Request(b"GET", path.encode(), {}), 0.0, os.urandom)
try:
    parse({"uuid": 1, "unknown": {}})
except DocumentError:
    pass
start_logging(io.StringIO(), {}, "lines")
try:
    answer(None, Request(b"GET", b"/", {}), 0.0, os.urandom)
except AttributeError:
    Logger().failure("no answer")
print(json.dumps([sorted(confined), sorted(set(sys.modules) - confined)]))
"""


@pytest.fixture(scope="module", name="modules")
def run_program() -> tuple[list[str], list[str]]:
    """Modules of a server that has started, and those that came later."""
    document = json.dumps(load(EXAMPLE.read_bytes()))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=document, capture_output=True, text=True, check=True
    )
    started, later = json.loads(done.stdout)
    return started, later


def test_nothing_is_imported_once_there_is_no_file_to_import_from(
    modules: tuple[list[str], list[str]],
) -> None:
    assert modules[1] == []


STRANGERS = ("eve_meta.agent", "eve_meta.cli", "netns", "pyroute2", "click", "yaml", "twisted.spread")


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nothing_of_the_agent_is_there(modules: tuple[list[str], list[str]], stranger: str) -> None:
    assert [name for name in modules[0] if name == stranger or name.startswith(f"{stranger}.")] == []


def test_what_twisted_means() -> None:
    """What is not imported for a number alone is still that number."""
    assert resource.NOT_DONE_YET == server.NOT_DONE_YET
