"""An explainer without Celery or a model: scores depend on the left upper quarter alone."""

from collections.abc import Callable
from threading import Event

import numpy as np
from numpy.typing import NDArray

from core.endings import Endings
from core.sources import SourceItem
from core.storage import Storage
from core.terms import Label
from db import heatmaps
from db.models import Heatmap
from db.session import Database
from detector import preprocess
from detector.decision import Reading
from detector.explain import Heatmap as Heat
from detector.explain.occlusion import occlusion
from detector.preprocess import DecodeLimits, Prepared, PreprocessingSpec
from detector.square import Square
from tests.support.faces import face_at
from tests.support.queue import RecordingQueue
from workers.detectors import Detectors, LoadedDetector
from workers.explaining import Explainer

SPEC = PreprocessingSpec(size=28)


class CornerDetector:
    """Finds an image the more fake, the brighter its left upper quarter is.

    It finds the faces at the `boxes`, if it is given any.
    """

    device = "cpu"

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        self.boxes = boxes
        self.finds_faces = bool(boxes)

    def prepare(self, data: bytes) -> Prepared:
        """Prepare the image, or each of its faces."""
        whole = self.prepare_whole(data)
        if not self.boxes:
            return whole
        return Prepared(
            np.repeat(whole.pixels, len(self.boxes), axis=0),
            whole.width,
            whole.height,
            faces=tuple(face_at(box) for box in self.boxes),
            squares=tuple(Square(x0, y0, x1 - x0) for x0, y0, x1, _ in self.boxes),
        )

    def prepare_whole(self, data: bytes) -> Prepared:
        """Prepare all of the image."""
        return preprocess.prepare(data, SPEC, DecodeLimits())

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the mean of the quarter around the middle of the scale."""
        half = pixels.shape[-1] // 2
        return pixels[:, :, :half, :half].mean(axis=(1, 2, 3)).astype(np.float32) - 128

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return the label by the margin's sign."""
        return [Reading(Label.FAKE if margin > 0 else Label.REAL, 0.5) for margin in margins]

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heat:
        """Return what of the score is lost where the square is hidden."""
        return occlusion(self, pixels, towards_fake=towards_fake)


def explainer(
    database: Database,
    storage: Storage,
    fetch: Callable[[SourceItem], bytes],
    *,
    load: Callable[[str], LoadedDetector] = lambda _name: CornerDetector(),
    queue: RecordingQueue | None = None,
) -> Explainer:
    """Build the real explainer around a pretend detector."""
    return Explainer(
        database=database,
        queue=queue or RecordingQueue(),
        storage=storage,
        endings=Endings("memory://"),
        detectors=Detectors(load),
        fetch=fetch,
        stopping=Event(),
    )


def ask(database: Database, job_id: int, position: int = 0, face: int = 0) -> bool:
    """Ask for a heatmap as the API does; return whether a bell must be rung."""
    with database.write() as session:
        return heatmaps.request(session, (job_id, position, face))


def heatmap(database: Database, job_id: int, position: int = 0, face: int = 0) -> Heatmap:
    """Return the heatmap's row, which must be there."""
    with database.read() as session:
        found = heatmaps.find(session, (job_id, position, face))
    assert found is not None
    return found
