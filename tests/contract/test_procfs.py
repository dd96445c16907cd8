"""A /proc of one's own shows what the host's does to the thread that asks."""

import os
import sys

import pytest

from netns import namespaces, procfs
from tests.hosts import ip, run
from tests.support import need_sandbox

pytestmark = pytest.mark.integration

LINKS = "sys/net/ipv4/conf"


def has(link: str) -> bool:
    """Whether it shows sysctls of a link."""
    with procfs.opened(LINKS) as directory:
        try:
            os.stat(link, dir_fd=directory)
        except FileNotFoundError:
            return False
    return True


def test_namespace_of_the_thread() -> None:
    need_sandbox()
    ip("link", "add", "br7", "type", "bridge")
    try:
        assert has("br7")
        assert not namespaces.scratch(lambda: has("br7"))
    finally:
        ip("link", "del", "br7")


def test_where_nothing_may_be_mounted() -> None:
    """The host's own serves as well."""
    need_sandbox("setpriv")
    program = "from tests.contract.test_procfs import has; print(has('lo'), has('br7'))"

    assert "True False\n" == run("setpriv", "--bounding-set=-sys_admin", sys.executable, "-c", program)


def test_nothing_stays_mounted() -> None:
    need_sandbox()
    before = run("cat", "/proc/self/mountinfo")
    has("lo")
    assert before == run("cat", "/proc/self/mountinfo")


def test_no_such_directory() -> None:
    need_sandbox()
    with pytest.raises(FileNotFoundError), procfs.opened("sys/none"):
        pass
