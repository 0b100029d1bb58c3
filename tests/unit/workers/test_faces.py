"""Faces on their way through a worker: each is scored, the highest decides, all are told."""

from pathlib import Path

import numpy as np
import pytest

from core.terms import FaceMode, FaceReason, ItemCode, Label, Outcome
from db import verdicts
from db.models import Verdict
from db.session import Database
from detector.detector import Detector
from detector.faces import NoScorableFaceError, UnscoredFace
from detector.preprocess import Prepared
from tests.support.faces import example, face_at
from tests.support.images import photo_like
from tests.support.models import write_tiny_model_version
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner

FACES = {letter: face_at((10.4 * i, 1.6, 10 * i + 9, 12)) for i, letter in enumerate("frt", 1)}


class FaceDetector(PretendDetector):
    """Sees a face for each letter: `f` is fake, `r` real, `t` too small; as a whole it is real."""

    def __init__(self) -> None:
        super().__init__()
        self.finds_faces = True

    def prepare(self, data: bytes) -> Prepared:
        """Return an image a face."""
        self.prepared += 1
        letters = [letter for letter in data.decode() if letter in FACES]
        unscored = tuple(
            UnscoredFace(FACES[letter], FaceReason.FACE_TOO_SMALL)
            for letter in letters
            if letter == "t"
        )
        scored = [letter for letter in letters if letter != "t"]
        if not scored:
            code = ItemCode.FACE_TOO_SMALL if unscored else ItemCode.NO_FACE
            raise NoScorableFaceError(code, "There is none.", photo_like(0, (40, 30)), unscored)
        pixels = np.stack([np.full((3, 2, 2), ord(letter), np.uint8) for letter in scored])
        return Prepared(pixels, 40, 30, tuple(FACES[letter] for letter in scored), unscored)

    def prepare_whole(self, data: bytes) -> Prepared:  # noqa: ARG002 - whatever it is
        """Return one image, of something real."""
        self.prepared += 1
        return Prepared(np.full((1, 3, 2, 2), ord("r"), np.uint8), 40, 30)


def scan(
    database: Database,
    *names: str,
    detector: PretendDetector | None = None,
    faces: FaceMode = FaceMode.AUTO,
) -> list[Verdict]:
    """Scan a job of such images, and return its verdicts."""
    job_id = add_job_of(database, list(names), faces=faces)
    chosen = detector or FaceDetector()
    with shard_scanner(database, RecordingQueue(), chosen, fetch=bytes_of_name) as scanner:
        while scanner.scan_next():
            pass
    with database.read() as session:
        return list(verdicts.page(session, job_id, limit=100))


def told(letter: str, *, score: float | None, reason: str | None = None) -> dict[str, object]:
    """Return a face as its verdict tells it."""
    x0, y0, x1, y1 = FACES[letter].box
    box = [round(x0), round(y0), round(x1), round(y1)]
    return {"box": box, "score": score, "detection": 0.9, "reason": reason}


def test_the_face_with_the_highest_score_decides(database: Database) -> None:
    """One fake face makes the image fake, wherever it stands; each has its own score."""
    first, second, third = scan(database, "rf1", "fr2", "rr3")
    assert [one.label for one in (first, second, third)] == [Label.FAKE, Label.FAKE, Label.REAL]
    assert (first.score, first.outcome) == (0.9, Outcome.SCORED)
    assert first.faces == [told("r", score=0.1), told("f", score=0.9)]
    assert second.faces == [told("f", score=0.9), told("r", score=0.1)]
    assert (third.score, third.width, third.height) == (0.1, 40, 30)


def test_images_of_many_faces_keep_theirs_across_batches(database: Database) -> None:
    """However the device's batches are cut, no image gets the faces of another."""
    names = ["r" * (i % 7 + 1) + ("f" if i % 3 == 0 else "") + f"{i}" for i in range(30)]
    names = [name.replace("f", "", 1) if i % 2 else name for i, name in enumerate(names)]
    for name, verdict in zip(names, scan(database, *names), strict=True):
        letters = name.rstrip("0123456789")
        assert verdict.label is (Label.FAKE if "f" in letters else Label.REAL)
        assert [face["score"] for face in verdict.faces or ()] == [
            0.9 if letter == "f" else 0.1 for letter in letters
        ]


def test_faces_without_a_score_are_told_with_the_reason(database: Database) -> None:
    """They follow those that were scored."""
    (verdict,) = scan(database, "tr1")
    small = told("t", score=None, reason="face_too_small")
    assert verdict.faces == [told("r", score=0.1), small]


@pytest.mark.parametrize(
    ("name", "code", "faces"),
    [
        ("1", ItemCode.NO_FACE, []),
        ("t1", ItemCode.FACE_TOO_SMALL, [told("t", score=None, reason="face_too_small")]),
    ],
)
def test_an_image_without_a_face_to_score_is_not_applicable(
    database: Database, name: str, code: ItemCode, faces: list[dict[str, object]]
) -> None:
    """It has a reason, a sentence, its size, and the faces that were found."""
    (verdict,) = scan(database, name)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_APPLICABLE, code)
    assert (verdict.message, verdict.faces) == ("There is none.", faces)
    assert (verdict.width, verdict.height, verdict.score) == (40, 30, None)
    assert get_job(database, verdict.job_id).not_applicable == 1


def test_faces_off_scores_the_whole_image(database: Database) -> None:
    """Also one without a face; no faces are told, because none were looked for."""
    found = scan(database, "f1", "2", faces=FaceMode.OFF)
    assert [verdict.label for verdict in found] == [Label.REAL, Label.REAL]
    assert [verdict.faces for verdict in found] == [None, None]


def test_whole_images_and_faces_do_not_reuse_each_other(database: Database) -> None:
    """The same bytes are scored once each way, and then taken from their own kind."""
    detector = FaceDetector()
    for faces, label, is_reused in (
        (FaceMode.AUTO, Label.FAKE, False),
        (FaceMode.OFF, Label.REAL, False),
        (FaceMode.AUTO, Label.FAKE, True),
        (FaceMode.OFF, Label.REAL, True),
    ):
        (verdict,) = scan(database, "f1", detector=detector, faces=faces)
        assert (verdict.label, verdict.reused) == (label, is_reused)
        assert (verdict.faces is None) == (faces is FaceMode.OFF)
    assert detector.forwarded == 2


def test_a_model_version_that_finds_no_faces_scores_whole_images_only(database: Database) -> None:
    """Both modes mean the same there, so the one reuses what the other scored."""
    detector = PretendDetector()
    for first, other in ((FaceMode.AUTO, FaceMode.OFF), (FaceMode.OFF, FaceMode.AUTO)):
        name = f"f{first}"
        assert not scan(database, name, detector=detector, faces=first)[0].reused
        assert scan(database, name, detector=detector, faces=other)[0].reused
    assert detector.forwarded == 2


def test_photographs_are_scored_by_a_real_version(database: Database, tmp_path: Path) -> None:
    """From the file's bytes to the row: two faces, none, and all of it."""
    detector = Detector.load(write_tiny_model_version(tmp_path, faces="on"), device="cpu")
    names = ["hard/two-faces", "photos/cat"]
    job_ids = [add_job_of(database, names, faces=faces) for faces in FaceMode]
    with shard_scanner(
        database, RecordingQueue(), detector, fetch=lambda item: example(item.name).read_bytes()
    ) as scanner:
        while scanner.scan_next():
            pass
    with database.read() as session:
        by_faces, whole = (list(verdicts.page(session, job_id, limit=9)) for job_id in job_ids)
    couple, cat = by_faces
    assert couple.faces is not None
    assert couple.score == max(face["score"] for face in couple.faces)
    assert (len(couple.faces), couple.width, couple.height) == (2, 640, 320)
    for face in couple.faces:
        x0, y0, x1, y1 = face["box"]
        assert 0 <= x0 < x1 <= 640
        assert 0 <= y0 < y1 <= 320
    assert (cat.code, cat.faces) == (ItemCode.NO_FACE, [])
    assert [(one.outcome, one.faces) for one in whole] == [(Outcome.SCORED, None)] * 2
