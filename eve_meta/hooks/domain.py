"""The XML that libvirt gives its hooks -> the VM, and the document that is in it.

libvirt has read that XML itself and written it anew, so that it declares no entities; `xml.etree` fetches
none, and expat bounds what they expand to. No parser that is armed against more is needed.
Source: https://libvirt.org/formatdomain.html
"""

from collections.abc import Iterator
from uuid import UUID
from xml.etree import ElementTree as ET

from attrs import evolve, frozen

from eve_meta.hooks.command_line import smbios_of
from eve_meta.hooks.machine import Machine, MachineError, Nic, Smbios

NAMESPACE = "urn:eve-meta:document:1"
"""Of the element in a domain's `<metadata>` that holds its document."""

_QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"


@frozen
class Domain:
    """A domain.

    Attributes:
        document: the text of a document, YAML or JSON; None: there is none in its `<metadata>`.
    """

    machine: Machine
    document: str | None


def read_domain(xml: bytes) -> Domain:
    """The domain that the XML describes.

    Raises:
        MachineError: it describes none.
    """
    try:
        root = ET.fromstring(xml)  # noqa: S314 - see the module's note
        machine = Machine(
            uuid=UUID(root.findtext("uuid", "")),
            name=root.findtext("name"),
            smbios=_smbios(root),
            nics=tuple(map(_nic, root.iterfind("devices/interface"))),
            drives=tuple(_drives(root)),
        )
    except (ET.ParseError, ValueError) as error:
        raise MachineError(f"standard input is not a domain in libvirt's XML: {error}") from error
    element = root.find(f"metadata/{{{NAMESPACE}}}*")
    return Domain(machine, None if element is None else "".join(element.itertext()))


def _smbios(root: ET.Element) -> Smbios:
    """As libvirt makes it, with what is passed to QEMU besides."""
    made = Smbios(uuid=_uuid(root.findtext("hwuuid")))
    if _attribute(root, "os/smbios", "mode") == "sysinfo":
        made = evolve(
            made,
            product=_entry(root, "system", "product"),
            serial=_entry(root, "system", "serial"),
            asset_tag=_entry(root, "chassis", "asset"),
        )
    passed = smbios_of(
        [arg.get("value", "") for arg in root.iterfind(f"{{{_QEMU}}}commandline/{{{_QEMU}}}arg")]
    )
    return Smbios(
        product=passed.product or made.product,
        serial=passed.serial or made.serial,
        uuid=passed.uuid or made.uuid,
        asset_tag=passed.asset_tag or made.asset_tag,
    )


def _entry(root: ET.Element, block: str, name: str) -> str | None:
    return root.findtext(f"sysinfo[@type='smbios']/{block}/entry[@name='{name}']")


def _nic(interface: ET.Element) -> Nic:
    mtu = _attribute(interface, "mtu", "size")
    return Nic(
        mac=_attribute(interface, "mac", "address"),
        port=_attribute(interface, "target", "dev"),
        mtu=int(mtu) if mtu else None,
    )


def _drives(root: ET.Element) -> Iterator[str]:
    for source in root.iterfind("devices/disk/source"):
        path = source.get("file") or source.get("dev")
        if path:
            yield path


def _attribute(root: ET.Element, path: str, name: str) -> str | None:
    element = root.find(path)
    return None if element is None else element.get(name)


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None
