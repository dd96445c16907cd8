"""The control socket's API does what it says of itself, whatever is asked. Schemathesis asks.

EVE_META_EXAMPLES is how many requests it makes up of each kind; see `scripts/fuzz control`.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance, use_after_free

from eve_meta.agent.description import PATH, description
from eve_meta.contact import WAIT_MAX_SECONDS, control_socket
from netns.names import NAME_MAX_BYTES
from tests.agents import Agent
from tests.hosts import Host
from tests.integration.unix_http import unix_session

WAIT_SECONDS = 0.01
URL = "http://eve-meta"
TAPS = ("tap0", "tap1", "tap2")
EXAMPLES = os.environ.get("EVE_META_EXAMPLES")
EXCLUDED = [
    # What must hold between a document's fields, and what an address is, no schema can say.
    positive_data_acceptance,
    # The interfaces are few, so one that is detached may well be attached by the time that it is asked for.
    use_after_free,
]


def described() -> BaseSchema:
    """What is said of the API."""
    checks = {"negative_data_rejection": {"expected-statuses": ["400", "404", "405", "413", "415"]}}
    generation = {"max-examples": int(EXAMPLES or 12), "deterministic": EXAMPLES is None}
    config = SchemathesisConfig.from_dict({"generation": generation, "checks": checks})
    return schemathesis.openapi.from_dict(deepcopy(description()), config=config)


def bring_home(case: Case[Any]) -> None:
    """Let it be about an interface that there is, three times of four, or else not wait for it long."""
    name = case.path_parameters.get("interface")
    if isinstance(name, str) and 0 < len(name) <= NAME_MAX_BYTES and (at := len(name) % 4) < len(TAPS):
        case.path_parameters["interface"] = TAPS[at]
    if str((case.query or {}).get("follow")).lower() == "true":
        # There would be no end.
        case.query["follow"] = "false"
    with suppress(KeyError, TypeError, ValueError):
        if 0 < float(case.query["wait"]) <= WAIT_MAX_SECONDS:
            case.query["wait"] = WAIT_SECONDS


API = described()


@pytest.fixture
def session(host: Host, agent: Agent) -> Iterator[requests.Session]:
    """Asks an agent on a host with some VMs' ports."""
    for number, tap in enumerate(TAPS):
        host.guest(f"vm{number}", tap)
    with unix_session(control_socket(agent.run_dir)) as made:
        yield made
    assert "Traceback" not in agent.said()


def test_description(session: requests.Session) -> None:
    """What the agent says of its API is what is tested here."""
    assert description() == session.get(f"{URL}{PATH}").json()


@API.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_api(case: Case[Any], session: requests.Session) -> None:
    """Each request is answered as it is described."""
    bring_home(case)
    case.call_and_validate(URL, session, excluded_checks=EXCLUDED)
