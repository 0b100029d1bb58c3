"""Delivers events to webhooks: claim, sign, send, mark how it went. Knows no Celery.

What is sent follows Standard Webhooks (https://www.standardwebhooks.com).
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock

from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from core.errors import FakesweepError
from core.logs import get_logger
from core.outbound import GuardedSession, Outbound, open_guarded_session
from core.settings import Settings
from db import deliveries, webhook_endpoints
from db.deliveries import DeliveryClaim
from db.session import Database
from workers.patience import patiently

TIMEOUT_S = 15.0
LEASE_S = 60.0  # well above the timeout, so that only a dead sender's delivery is sent by another
MAX_ANSWER_BYTES = 4096  # read for good manners, and thrown away
PAUSES_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1
GONE = 410

log = get_logger(__name__)


@dataclass(frozen=True)
class Deliverer:
    """Sends what is due; several threads share one."""

    database: Database
    session: GuardedSession
    stopping: Event
    _in_hand: set[int] = field(default_factory=set, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def deliver_due(self, *, more_due: Callable[[], None] = lambda: None) -> None:
        """Send deliveries until none is due to an endpoint that no other thread has in hand.

        So an endpoint that does not answer takes one thread, and never those of the others.
        `more_due` is called with each one in hand: another thread may find more.
        """
        while not self.stopping.is_set() and (claim := self._claim()):
            try:
                more_due()
                self._deliver(claim)
            finally:
                with self._lock:
                    self._in_hand.discard(claim.endpoint_id)

    def _claim(self) -> DeliveryClaim | None:
        with self._lock:
            with self.database.write() as session:
                claim = deliveries.claim_due(
                    session, lease_s=LEASE_S, except_endpoints=tuple(self._in_hand)
                )
            if claim is not None:
                self._in_hand.add(claim.endpoint_id)
        return claim

    def _deliver(self, claim: DeliveryClaim) -> None:
        status, error = self._send(claim)
        noted = {"webhook": claim.webhook, "delivery": claim.public_id, "status": status}
        if status is not None and error is None:
            self._write(partial(deliveries.mark_delivered, claim=claim, status=status))
            log.info("webhook_delivered", **noted)
            return
        again_in_s = None if status == GONE else pause_s(claim.attempts)
        self._write(
            partial(
                deliveries.mark_failed,
                claim=claim,
                status=status,
                error=error or "",
                again_in_s=again_in_s,
            )
        )
        log.warning(
            "webhook_not_delivered",
            **noted,
            attempts=claim.attempts,
            again_in_s=again_in_s,
            reason=error,
        )
        if again_in_s is None:
            self._disable_if_dead(claim, status)

    def _send(self, claim: DeliveryClaim) -> tuple[int | None, str | None]:
        """Return the receiver's status, if it answered, and what went wrong, if anything did."""
        body = json.dumps(claim.payload, separators=(",", ":"))
        try:
            reply = self.session.exchange(
                "POST",
                claim.url,
                max_bytes=MAX_ANSWER_BYTES,
                total_s=TIMEOUT_S,
                headers=signed_headers(claim, body),
                body=body.encode(),
            )
        except FakesweepError as error:
            return None, str(error)
        except Exception as error:  # one delivery's bad luck must not stop those of others
            log.exception("webhook_broken", delivery=claim.public_id)
            return None, f"Sending it failed ({type(error).__name__})."
        if 200 <= reply.status < 300:
            return reply.status, None
        return reply.status, _refused(reply.status)

    def _disable_if_dead(self, claim: DeliveryClaim, status: int | None) -> None:
        """Disable an endpoint that is gone, or to which nothing got through for days."""
        with self.database.write() as session:
            if status != GONE and not deliveries.is_last_word(session, claim):
                return
            webhook_endpoints.disable(session, claim.endpoint_id)
        log.warning("webhook_disabled", webhook=claim.webhook, status=status)

    def _write(self, action: Callable[[Session], None]) -> None:
        def write() -> None:
            with self.database.write() as session:
                action(session)

        patiently(write, until=self.stopping)  # what is not marked is sent a second time


def build_deliverer(settings: Settings, database: Database, *, stopping: Event) -> Deliverer:
    """Assemble it as the settings say; it begins nothing once `stopping` is set."""
    outbound = Outbound(settings.outbound_allowed_networks, settings.outbound_ca_file)
    return Deliverer(database, open_guarded_session(outbound), stopping)


def pause_s(attempts: int) -> float | None:
    """Return how long to wait after so many attempts, or None when that was the last one."""
    if attempts > len(PAUSES_S):
        return None
    return PAUSES_S[attempts - 1] * random.uniform(1, 1 + JITTER)


def signed_headers(claim: DeliveryClaim, body: str) -> dict[str, str]:
    """Return the headers of an attempt, with a signature for each secret.

    The time is the database's: receivers refuse what is minutes off, and a worker's clock may be.
    """
    signatures = [
        Webhook(secret).sign(claim.public_id, claim.claimed_at, body) for secret in claim.secrets
    ]
    return {
        "content-type": "application/json",
        "webhook-id": claim.public_id,
        "webhook-timestamp": str(int(claim.claimed_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _refused(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver answered {status}; redirects are not followed, so give the new URL."
    if status == GONE:
        return "The receiver answered 410: it is gone, so the webhook was disabled."
    return f"The receiver answered {status}; only 2xx counts as delivered."
