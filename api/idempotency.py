"""`Idempotency-Key`: a request that is sent again is answered with the job that it made before."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

from flask import Request
from sqlalchemy.orm import Session

from api.errors import FieldError
from api.identity import caller
from api.services import Services
from core.errors import ConflictError, QuotaError
from core.storage import PART_BYTES
from db import idempotency
from db.idempotency import KeyedRequest

HEADER = "Idempotency-Key"


class KeyTakenError(ConflictError):
    """Another request under the same key has just made its job."""


@dataclass(frozen=True)
class Submitted:
    """The job of a request; `replayed` when an earlier request of the same key made it."""

    public_id: str
    replayed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The header that tells the client so."""
        return {"Idempotency-Replayed": "true"} if self.replayed else {}


def submit_once(
    services: Services,
    request: Request,
    key: str | None,
    make: Callable[[KeyedRequest | None], str],
) -> Submitted:
    """Make the job, or return the one that the same request made before under its key.

    `make` calls `claim_key` in the transaction that inserts the job. Raises FieldError when the
    key was given to another request.
    """
    if key is None:
        return Submitted(make(None))
    keyed = KeyedRequest(key, _fingerprint(request), caller().key_id)
    if found := _find(services, keyed):
        return found
    try:
        return Submitted(make(keyed))
    except (ConflictError, QuotaError):  # it may be the winner's job that stands in the way
        if found := _find(services, keyed):
            return found
        raise


def claim_key(session: Session, keyed: KeyedRequest | None, *, job_id: int) -> None:
    """Give the key to the job; raises KeyTakenError, so that nothing of the request stays."""
    if keyed is not None and not idempotency.claim(session, keyed, job_id=job_id):
        raise KeyTakenError("Another request has the same Idempotency-Key; send yours again.")


def _find(services: Services, keyed: KeyedRequest) -> Submitted | None:
    with services.database.read() as session:
        earlier = idempotency.find(session, keyed)
    if earlier is None:
        return None
    if earlier.fingerprint != keyed.fingerprint:
        raise FieldError(
            HEADER, "This Idempotency-Key was given to another request; choose a new one."
        )
    return Submitted(earlier.job_public_id, replayed=True)


def _fingerprint(request: Request) -> bytes:
    digest = sha256()

    def add(*pieces: str | bytes) -> None:
        for piece in pieces:
            content = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
            digest.update(len(content).to_bytes(8) + content)

    add(request.method, request.path, request.mimetype)
    if request.mimetype == "application/json":
        add(json.dumps(request.get_json(), sort_keys=True, separators=(",", ":")))
    for name, value in request.form.items(multi=True):
        add("field", name, value)
    for name, file in request.files.items(multi=True):
        add("file", name, file.filename or "", _digest(file.stream))
    return digest.digest()


def _digest(stream: IO[bytes]) -> bytes:
    digest = sha256()
    while block := stream.read(PART_BYTES):
        digest.update(block)
    stream.seek(0)
    return digest.digest()
