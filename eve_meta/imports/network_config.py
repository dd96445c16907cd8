"""A NoCloud seed's network-config, of either version -> the document's fields of the network."""

from eve_meta.document.scalars import whole_number
from eve_meta.imports import network_v1, network_v2
from eve_meta.imports.network import network_of
from eve_meta.imports.record import Record

_VERSIONS = {1: network_v1.draft_of, 2: network_v2.draft_of}


def network_config_of(config: Record) -> dict[str, object]:
    """The fields that tell a guest the same; none if it is told nothing.

    Raises:
        SourceError: it is of neither version, or cannot be read.
    """
    if config.names() == ("network",):
        config = config.record("network")
    if not config.names():
        return {}
    place = config.place
    if config.peek("config") == "disabled":
        place.at("config").tell("a document cannot forbid a guest to configure its network: left out")
        return {}
    version = config.need("version", lambda it: whole_number(it, min(_VERSIONS), max(_VERSIONS)))
    return network_of(_VERSIONS[version](config).data(), place)
