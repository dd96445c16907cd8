"""Crawls the metadata service once with a data source of cloud-init, and tells what was asked and read.

For Debian's own Python, which has cloud-init. Argument: a data source and what the firmware says, as JSON; it
prints JSON. The firmware is the one thing that is not real here.
"""

import importlib
import json
import sys
import tempfile
from typing import Any


def module(name: str) -> Any:
    """A module that the tests' own Python has not."""
    return importlib.import_module(name)


def crawl(source: str, firmware: dict[str, str]) -> dict[str, Any]:
    """What one crawl with a class of cloud-init's asks for, and what it makes of the answers."""
    requested: list[tuple[str, str, int]] = []
    session_class = module("requests").Session
    ask = session_class.request

    def ask_and_note(session: Any, method: str, url: str, **options: Any) -> Any:
        response = ask(session, method, url, **options)
        requested.append((method, url, response.status_code))
        return response

    session_class.request = ask_and_note
    module("cloudinit.dmi").read_dmi_data = firmware.get
    with tempfile.TemporaryDirectory() as directory:
        found = new(source, directory)
        succeeded = found.get_data()
    return {
        "succeeded": succeeded,
        "requested": requested,
        "instance": found.get_instance_id(),
        "hostname": str(found.metadata.get("local-hostname") or found.metadata.get("hostname")),
        "keys": found.get_public_ssh_keys(),
        "user_data": (found.userdata_raw or b"").decode(),
        "ec2": found.ec2_metadata if source == "OpenStack" else found.metadata,
    }


def new(source: str, directory: str) -> Any:
    """An instance of a data source's class, whose files are in a directory."""
    paths = module("cloudinit.helpers").Paths({"cloud_dir": directory, "run_dir": directory})
    distro = module("cloudinit.distros").fetch("debian")("debian", {}, paths)
    home = module(f"cloudinit.sources.DataSource{source.removesuffix('Net')}")
    source_class = getattr(home, f"DataSource{source}")
    return source_class({"datasource_list": [source]}, distro, paths)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    json.dump(crawl(given["source"], given["firmware"]), sys.stdout)
