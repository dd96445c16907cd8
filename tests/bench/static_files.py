"""A host of its own with one guest, whom nginx answers with files, through the wiring that our guests have.

usage: scripts/sandbox python -m tests.bench.static_files DIRECTORY

It is beside the host that is measured, since the agent there removes what is named as its own. Prints the
process that answers, then waits for its standard input to end.

Note [What favours nginx]
    It keeps its files open (`open_file_cache`), logs nothing, and never ends a connection that is used again.
    It copies a file into what it sends (`sendfile off`): for files as small as these that takes two thirds of
    the CPU time that sendfile(2) takes here.
    The wiring is ours, but any number of connections is let in, where to ours 10 000 a second are.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from netns import SERVICE_PORT, build, connect, namespace_of
from netns.linux import BACKLOG, LinuxNetwork
from tests.agents import children
from tests.bench import wrk
from tests.hosts import Host, ip
from tests.support import soon

TAP = "tap9"
GUEST = "static"
FILES = "files"
"""In the directory; its paths are those that are asked for."""

_SETTINGS = """\
daemon off;
worker_processes 1;
user root;
pid {directory}/nginx.pid;
error_log {directory}/error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    open_file_cache max=1000 inactive=1h;
    open_file_cache_valid 1h;
    default_type text/plain;
    server {{
        listen [::]:{port} ipv6only=off backlog={backlog};
        root {directory}/{files};
    }}
}}
"""


def wire(tap: str) -> None:
    """Join a port to a namespace as the agent does."""
    network = LinuxNetwork()
    seen = network.see(tap)
    assert seen.port
    for step in (*build(tap, seen.port, seen), *connect(tap, seen)):
        network.apply(step)
    let_in = ("INPUT", "-p", "tcp", "--dport", str(SERVICE_PORT), "-j", "ACCEPT")
    ip("netns", "exec", namespace_of(tap), "iptables", "--insert", *let_in)


def start(directory: Path) -> "subprocess.Popen[bytes]":
    """Start nginx in the namespace; its modules, which Debian's own settings name, are not loaded."""
    settings = directory / "nginx.conf"
    settings.write_text(
        _SETTINGS.format(directory=directory, files=FILES, port=SERVICE_PORT, backlog=BACKLOG),
        encoding="utf-8",
    )
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace_of(TAP), "nginx", "-e", "stderr", "-c", str(settings)],
        env={"PATH": f"{os.environ['PATH']}:/usr/sbin"},
    )


def main(directory: str) -> None:
    """Answer until nobody wants it any more."""
    with Host() as host:
        wrk.prepare(host.guest(GUEST, TAP, bridge=host.bridge()))
        wire(TAP)
        nginx = start(Path(directory))
        try:
            workers = soon(lambda: nginx.poll() is None and children(nginx.pid))
            assert workers, "nginx does not start"
            print(json.dumps(workers), flush=True)  # noqa: T201 - a program that prints
            sys.stdin.read()
        finally:
            nginx.terminate()
            nginx.wait()


if __name__ == "__main__":
    main(sys.argv[1])
