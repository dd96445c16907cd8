"""Any order of changes: the inventory, the directory read anew and a simple model agree."""

import shutil
import tempfile
from pathlib import Path
from uuid import UUID

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from eve_meta.agent.inventory import Inventory
from eve_meta.agent.record import Wish
from eve_meta.canonical import canonical

INTERFACES = strategies.sampled_from(["tap0", "tap1", "tap2"])
UUIDS = strategies.sampled_from([UUID(int=number) for number in (1, 2, 3)])
NAMES = strategies.sampled_from(["old", "new"])


def wish(uuid: UUID, name: str) -> Wish:
    """For a VM of this name."""
    return Wish(uuid, name, canonical({"uuid": str(uuid), "name": name}))


class InventoryMachine(RuleBasedStateMachine):
    """The model: who owns each interface, and the name in each VM's document."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.inventory = Inventory.load(self.directory)
        self.owners: dict[str, UUID] = {}
        self.names: dict[UUID, str] = {}
        self.passwords: dict[UUID, str] = {}

    @rule(interface=INTERFACES, uuid=UUIDS, name=NAMES)
    def put(self, interface: str, uuid: UUID, name: str) -> None:
        self.inventory.put(interface, wish(uuid, name))
        self.owners[interface] = uuid
        self.names[uuid] = name

    @rule(interface=INTERFACES, uuid=UUIDS, name=NAMES)
    def put_and_undo(self, interface: str, uuid: UUID, name: str) -> None:
        self.inventory.undo(self.inventory.put(interface, wish(uuid, name)))

    @rule(interface=INTERFACES, password=NAMES)
    def set_password(self, interface: str, password: str) -> None:
        record = self.inventory.record_of(interface)
        if record:
            self.inventory.set_password(record, password)
            self.passwords[record.uuid] = password

    @rule(interface=INTERFACES)
    def remove(self, interface: str) -> None:
        removed = self.inventory.remove(interface)

        assert self.owners.pop(interface, None) == (removed and removed.uuid)

    @rule()
    def restart(self) -> None:
        self.inventory = Inventory.load(self.directory)

    @invariant()
    def memory_is_as_the_model(self) -> None:
        for uuid in self.passwords.keys() - set(self.owners.values()):
            del self.passwords[uuid]
        wanted = {
            interface: (uuid, self.names[uuid], self.passwords.get(uuid, ""))
            for interface, uuid in self.owners.items()
        }
        served = {
            interface: (record.uuid, record.name, record.password)
            for record in self.inventory.records()
            for interface in record.interfaces
        }

        assert wanted == served

    @invariant()
    def disk_is_as_memory(self) -> None:
        again = Inventory.load(self.directory)

        assert () == again.problems
        assert set(self.inventory.records()) == set(again.records())

    @invariant()
    def each_interface_is_found(self) -> None:
        for interface in ("tap0", "tap1", "tap2"):
            record = self.inventory.record_of(interface)

            assert self.owners.get(interface) == (record and record.uuid)

    def teardown(self) -> None:
        shutil.rmtree(self.directory)


TestInventoryMachine = InventoryMachine.TestCase
TestInventoryMachine.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
