"""Makes the heatmaps that were asked for: read the image, explain its verdict, keep the picture.

Like scans, whatever goes wrong returns the heatmap to the database, which counts its attempts.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event

from sqlalchemy.orm import Session

from core.endings import Endings
from core.errors import ItemError, ModelUnavailableError, StorageError
from core.logs import get_logger
from core.storage import Storage
from core.taskqueue import TaskQueue, explain
from core.terms import HeatmapCode, ItemCode, Label
from db import heatmaps
from db.heatmaps import HeatmapClaim
from db.session import Database
from detector.explain.overlay import Overlay, overlay_face, overlay_image
from detector.preprocess import Prepared
from workers.detectors import Detectors
from workers.dispatch import send_all
from workers.fetching import Fetch
from workers.patience import is_passing, patiently

LEASE_S = 300.0  # a slow CPU loads for a minute; a worker that died is not waited for longer
PAUSE_S = 5.0  # before what failed for the moment is tried again
MAX_ATTEMPTS = 3
CHANGED = "The image was changed since it was scored, so there is nothing to explain; scan it anew."
GIVEN_UP = "Making the heatmap failed again and again, so it was given up; the log says why."

log = get_logger(__name__)


@dataclass(frozen=True)
class Explainer:
    """Makes heatmaps, one after the other."""

    database: Database
    queue: TaskQueue
    storage: Storage
    endings: Endings
    detectors: Detectors
    fetch: Fetch
    stopping: Event

    def explain_waiting(self) -> None:
        """Make heatmaps until none is due."""
        while not self.stopping.is_set():
            claim = patiently(self._claim, until=self.stopping)
            if claim is None:
                return
            self._explain(claim)
        send_all(self.queue, [explain()])  # for another worker

    def _claim(self) -> HeatmapClaim | None:
        with self.database.write() as session:
            return heatmaps.claim_next(session, lease_s=LEASE_S)

    def _explain(self, claim: HeatmapClaim) -> None:
        try:
            if claim.attempts > MAX_ATTEMPTS:  # those before may have killed their workers
                self._fail(claim, HeatmapCode.GIVEN_UP, GIVEN_UP)
                return
            made = self._make(claim)
            key = heatmaps.storage_key(claim.public_id, claim.position, claim.face)
            self.storage.write(key, made.png)
            self._end(claim, partial(heatmaps.finish, towards=towards(claim), box=made.box))
        except ItemError as error:
            self._fail(claim, HeatmapCode.IMAGE_GONE, error.message)
        except ModelUnavailableError as error:
            self._fail(claim, HeatmapCode.MODEL_GONE, str(error))
        except StorageError as error:
            self._try_again(claim, f"{error} It was tried several times; ask again later.")
        except Exception as error:  # no heatmap may stop the worker
            if is_passing(error):
                log.warning("heatmap_not_stored", reason=str(error))
                return  # it is due again when the lease ends
            log.exception("heatmap_failed", job=claim.public_id, position=claim.position)
            self._try_again(claim, GIVEN_UP)

    def _make(self, claim: HeatmapClaim) -> Overlay:
        detector = self.detectors.get(claim.model_version)
        content = self.fetch(claim.item)
        if claim.sha256 and hashlib.sha256(content).digest() != claim.sha256:
            raise ItemError(ItemCode.CHECKSUM_MISMATCH, CHANGED)
        by_faces = claim.faces is not None or not detector.finds_faces
        prepared = (detector.prepare if by_faces else detector.prepare_whole)(content)
        at = _face_of(claim, prepared)
        is_fake = towards(claim) == Label.FAKE
        heat = detector.explain(prepared.pixels[at], towards_fake=is_fake)
        if claim.faces is not None:
            return overlay_face(heat, prepared.squares[at])
        width, height = prepared.width, prepared.height
        return overlay_image(heat, prepared.squares[at], width=width, height=height)

    def _try_again(self, claim: HeatmapClaim, sentence: str) -> None:
        if claim.attempts >= MAX_ATTEMPTS:
            self._fail(claim, HeatmapCode.GIVEN_UP, sentence)
        else:
            self._write(partial(heatmaps.postpone, key=claim.key, delay_s=PAUSE_S))

    def _fail(self, claim: HeatmapClaim, code: HeatmapCode, error: str) -> None:
        log.warning("heatmap_not_made", job=claim.public_id, position=claim.position, reason=error)
        self._end(claim, partial(heatmaps.fail, code=code, error=error))

    def _end(self, claim: HeatmapClaim, end: Callable[..., None]) -> None:
        self._write(partial(end, key=claim.key))
        self.endings.ring(heatmaps.bell(claim.public_id, claim.position, claim.face))

    def _write(self, change: Callable[[Session], None]) -> None:
        def write() -> None:
            with self.database.write() as session:
                change(session)

        patiently(write, until=self.stopping)


def towards(claim: HeatmapClaim) -> Label:
    """Return the label that the heatmap speaks for; of an uncertain verdict it is `fake`."""
    return Label.REAL if claim.label == Label.REAL else Label.FAKE


def _face_of(claim: HeatmapClaim, prepared: Prepared) -> int:
    """Return which of the faces that are found now is the verdict's; of a whole image, 0."""
    if claim.faces is None:
        return 0
    box = claim.faces[claim.face]["box"]

    def distance(at: int) -> float:
        return sum(abs(a - b) for a, b in zip(prepared.faces[at].box, box, strict=True))

    return min(range(len(prepared.faces)), key=distance)
