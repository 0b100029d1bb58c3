"""Connections that go to the address that was checked, under the exchange's deadline."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from core.outbound.deadline import watch
from core.outbound.policy import Address, Outbound, OutboundRefusedError, refused


class _WatchedConnection(HTTPConnection):
    def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's own type differs from http.client's
        """Read the answer under the exchange's deadline."""
        watch(self.sock)
        return super().getresponse()


class _WatchedTlsConnection(HTTPSConnection):
    def getresponse(self) -> Any:  # noqa: ANN401
        """Read the answer under the exchange's deadline."""
        watch(self.sock)
        return super().getresponse()


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection  # pyright: ignore[reportAssignmentType] - as urllib3's own


class _WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection  # pyright: ignore[reportAssignmentType]


class GuardedAdapter(IPFilterAdapter):
    """Connects to the address that was checked, and to no other."""

    def __init__(self, outbound: Outbound, *, is_https: bool) -> None:
        super().__init__(is_https_proto=is_https)
        self._outbound = outbound
        self._is_https = is_https
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedPool, "https": _WatchedTlsPool}

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,
        cert: str | tuple[str, str] | None = None,
    ) -> tuple[Any, Any]:
        """Return the pool of the host's checked address; raises OutboundRefusedError."""
        allows = self._outbound.allows if self._is_https else self._outbound.is_allowed_by_name
        try:
            host, options = super().build_connection_pool_key_attributes(request, verify, cert)
            address = ip_address(host["host"].strip("[]"))
        except InvalidIPAddress as error:  # not public, so only its name in the settings opens it
            address, allows = error.args[0], self._outbound.is_allowed_by_name
            host, options = self._pinned(address, request, verify, cert)
        if not allows(address):
            raise OutboundRefusedError(refused(urlsplit(str(request.url)).hostname))
        return host, options

    def _pinned(
        self,
        address: Address,
        request: requests.PreparedRequest,
        verify: bool | str,
        cert: str | tuple[str, str] | None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the pool of the address, under the host's name for TLS, as the base class does."""
        host, options = HTTPAdapter.build_connection_pool_key_attributes(
            self, request, verify, cert
        )
        if self._is_https:
            name = host["host"]
            options = {**options, "assert_hostname": name, "server_hostname": name}
        pinned = f"[{address}]" if address.version == 6 else str(address)
        return {**host, "host": pinned}, dict(options)
