"""The connection to a server: the few things that it may ask of us."""

from typing import final
from uuid import UUID

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.protocols.amp import AMP

from eve_meta.errors import EveMetaError
from eve_meta.messages import KeepPassword, NotKeptError, PasswordSetError, SetPassword
from eve_meta.passwords import MAX_BYTES


@final
class ServerLink(AMP):
    """What a server may ask of the agent: nothing long, and nothing but for the VMs that it answers."""

    _log = Logger()

    def __init__(self, keep_password: KeepPassword) -> None:
        super().__init__()
        self._keep_password = keep_password

    @SetPassword.responder
    def set_password(self, interface: str, vm: str, password: str) -> Deferred[dict[str, object]]:
        """Answered once it is kept and told."""
        return Deferred.fromCoroutine(self._set_password(interface, vm, password))

    async def _set_password(self, interface: str, vm: str, password: str) -> dict[str, object]:
        if len(password.encode()) > MAX_BYTES:
            raise ValueError(f"{interface}: a password that no guest can have set")
        try:
            await self._keep_password(interface, UUID(vm), password)
        except PasswordSetError:
            raise
        except EveMetaError as error:
            self._log.warn(
                "{interface}: a password is not kept: {error}", interface=interface, error=error, uuid=vm
            )
            raise NotKeptError from error
        return {}
