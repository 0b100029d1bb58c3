"""Where requests may go: which URLs, and which addresses their hosts may lead to."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES

from core.errors import FakesweepError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL_LENGTH = 4096
# Global by the registries, and yet no way to the public: tunnels, translators, and the address
# where Azure speaks to its own machines.
_CLOSED = (*EXTRA_BLOCKED_NET_RANGES, ip_network("168.63.129.16/32"))


class OutboundRefusedError(FakesweepError):
    """The URL, or the address it leads to, is one that this installation does not talk to."""


@dataclass(frozen=True)
class Outbound:
    """Where requests may go: public addresses by https, and the networks allowed by name.

    To addresses in `allowed_networks`, which may be private, plain http is allowed too.
    `ca_file` holds the certificate authorities to trust instead of the public ones.
    """

    allowed_networks: Sequence[Network] = ()
    ca_file: Path | None = None

    def refusal(self, url: str) -> str | None:
        """Return why the URL cannot be asked for, as a sentence, or None when it can be tried.

        A host name is judged only when it is resolved, at each request.
        """
        if len(url) > MAX_URL_LENGTH:
            return f"The URL is longer than {MAX_URL_LENGTH:,} characters."
        if not url.isprintable() or "\\" in url or " " in url:
            return "The URL has characters that a URL must not have; percent-encode them."
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "The URL is not understood; write it as https://host/path."
        if parts.scheme != "https" and not (parts.scheme == "http" and self.allowed_networks):
            return "Only https:// URLs are accepted."
        if not host:
            return "The URL names no host."
        if "@" in parts.netloc:
            return "The URL carries a user name or password; leave them out."
        address = _literal(host)
        if address is not None and not self.allows(address):
            return refused(host)
        return None

    def allows(self, address: Address) -> bool:
        """Return whether the address may be connected to by https."""
        return self.is_allowed_by_name(address) or _is_public(address)

    def is_allowed_by_name(self, address: Address) -> bool:
        """Return whether the address lies in one of the allowed networks."""
        return any(address in network for network in self.allowed_networks)


def refused(host: str | None) -> str:
    """Return the sentence for a host whose address may not be connected to."""
    return (
        f"{host} leads to a private, local or reserved address, where nothing is fetched from; "
        "the administrator names networks to allow in FAKESWEEP_OUTBOUND_ALLOWED_NETWORKS."
    )


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address.is_site_local or address.ipv4_mapped):
        return False
    special = address.is_multicast or address.is_reserved or not address.is_global
    return not special and not any(address in network for network in _CLOSED)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
