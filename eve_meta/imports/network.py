"""network_data.json -> `interfaces`, where these say the same, or `network_data` as it stands."""

from uuid import UUID

from eve_meta.document import parse
from eve_meta.errors import DocumentError
from eve_meta.imports.interfaces import interfaces_of
from eve_meta.imports.place import Place

_NOBODY = str(UUID(int=0))
_FIELD = "network_data"


def network_of(data: dict[str, object], place: Place) -> dict[str, object]:
    """The document's field of the network; none if the data have no links.

    Raises:
        SourceError: clients would stumble over the data.
    """
    if not data.get("links"):
        if data.get("networks") or data.get("services"):
            place.at("links").tell("is empty, so that there is no network to tell of: left out")
        return {}
    _check(data, place)
    interfaces = interfaces_of(data)
    if interfaces is None:
        return {_FIELD: data}
    return {"interfaces": interfaces}


def _check(data: dict[str, object], place: Place) -> None:
    try:
        parse({"uuid": _NOBODY, _FIELD: data})
    except DocumentError as error:
        field = error.field.removeprefix(_FIELD).removeprefix(".")
        raise place.error(f"{field}: {error.reason}" if field else error.reason) from error
