"""Requests to hosts that a client named: images by URL, webhooks. None reaches a private network.

requests-hardened resolves a host once, checks the address and connects to that same one, so a
second answer of the name server changes nothing. This adds what it leaves open: further refused
networks, redirects whose bodies are never read, a cap on bytes and one on the whole time.
"""

from core.outbound.deadline import OutboundError
from core.outbound.policy import Outbound, OutboundRefusedError
from core.outbound.session import (
    Answer,
    GuardedSession,
    Reply,
    open_guarded_session,
    require_success,
)

__all__ = [
    "Answer",
    "GuardedSession",
    "Outbound",
    "OutboundError",
    "OutboundRefusedError",
    "Reply",
    "open_guarded_session",
    "require_success",
]
