"""Where an agent cannot run it says so in one line, exits with 1, and touches nothing."""

from pathlib import Path

import pytest

from tests.agents import RED, Agent
from tests.hosts import HOSTNAME, Host

# Who may still read a checkout below /root.
READER = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *READER)


def in_mounts(*commands: str) -> tuple[str, ...]:
    """Runs a command in a mount namespace of its own, after some others."""
    return ("unshare", "--mount", "sh", "-ec", "\n".join((*commands, 'exec "$@"')), "sh")


def refused_start(agent: Agent, *wrapper: str) -> str:
    """What an agent says that does not start."""
    done = agent.refused_start(*wrapper)
    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("eve-meta: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("eve-meta: ").rstrip("\n")


@pytest.mark.usefixtures("host")
def test_not_root(tmp_path: Path) -> None:
    """Without root it does not start."""
    said = refused_start(Agent(tmp_path), *NOBODY)
    assert said == "not root: network namespaces need it: run as root, e.g. with sudo"


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("program", ["iptables-restore", "ip6tables-restore"])
def test_no_iptables(tmp_path: Path, program: str) -> None:
    """Without iptables of both families it does not start."""
    hide = f"""
    directory=$(dirname $(readlink -f $(command -v {program})))
    mkdir {tmp_path}/sbin && cp -a $directory/. {tmp_path}/sbin && rm {tmp_path}/sbin/{program}
    mount --bind {tmp_path}/sbin $directory
    """
    said = refused_start(Agent(tmp_path), *in_mounts(hide))
    assert said == f"{program}: install iptables (Debian: apt-get install iptables)"


def test_state_dir_not_writable(agent: Agent) -> None:
    """With its state on a file system that is read-only it does not start."""
    agent.stop()
    said = refused_start(agent, *in_mounts(f"mount -t tmpfs -o ro none {agent.state_dir}"))
    assert said.startswith(f"{agent.state_dir}/vms: Read-only file system")


def test_second_agent(host: Host, agent: Agent, tmp_path: Path) -> None:
    """Beside another agent it does not start, whatever its directories; the other goes on."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    said = refused_start(Agent(tmp_path / "second"))
    assert said == "another eve-meta agent runs on this host: stop it first"
    assert red.read(HOSTNAME) == "red"


def test_not_running(host: Host, tmp_path: Path) -> None:
    """Without an agent an attach says that there is none, and how to start it."""
    del host
    agent = Agent(tmp_path)
    done = agent.run("attach", "tap0", "-", given="{}")
    start = f"start it, as root, with 'eve-meta agent --run-dir {agent.run_dir}'"
    said = f"eve-meta: the agent is not running (there is no {agent.run_dir}/control.sock): {start}\n"
    assert (1, "", said) == (done.returncode, done.stdout, done.stderr)


def test_killed_and_gone(agent: Agent) -> None:
    """After an agent was killed an attach says that nobody listens, and how to start it."""
    agent.kill()
    done = agent.run("attach", "tap0", "-", given="{}")
    agent.start()
    said = f"eve-meta: the agent is not running (nobody listens on {agent.run_dir}/control.sock): start it,"
    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(said)
