"""HTTP over a Unix socket for whoever asks with `requests`."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

ANSWER_SECONDS = 30


class _UnixConnection(HTTPConnection):
    """Is made to a path: `host` is that."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(self.host)


class _UnixPool(HTTPConnectionPool):
    ConnectionCls = _UnixConnection


class UnixAdapter(HTTPAdapter):
    """Asks the program that listens at a path, whatever host a URL names."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._pool = _UnixPool(str(path))

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        del request, verify, proxies, cert
        return self._pool

    def close(self) -> None:
        self._pool.close()


def unix_session(path: Path) -> requests.Session:
    """Asks at a Unix socket."""
    session = requests.Session()
    session.mount("http://", UnixAdapter(path))
    return session
