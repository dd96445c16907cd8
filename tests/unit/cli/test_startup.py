"""What a verb imports: a hook runs it in a VM's start."""

import json
import subprocess

import pytest

from tests.unit.cli.commands import ENVIRONMENT, PYTHON

SLOW = ("twisted", "zope", "pyroute2", "cattrs", "attr", "yaml", "http", "email", "ssl")
SLOW_OURS = ("eve_meta.document", "eve_meta.imports", "pycdlib")


@pytest.mark.parametrize("verb", ["attach", "detach", "list"])
def test_starts_without_what_is_slow(verb: str) -> None:
    program = f"import json, sys; import eve_meta.cli.{verb}; print(json.dumps(list(sys.modules)))"
    ran = subprocess.run([*PYTHON, "-c", program], capture_output=True, env=ENVIRONMENT, check=True)

    assert set() == {*SLOW, *SLOW_OURS} & {*json.loads(ran.stdout)}
