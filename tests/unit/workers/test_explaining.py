"""Heatmaps in the worker: made from the image that was scored, kept, and given up with a reason."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from core.errors import ItemError, ModelUnavailableError, StorageError
from core.sources import SourceItem
from core.storage import Storage, read_bytes
from core.taskqueue import explain
from core.terms import HeatmapCode, ItemCode, Label
from db import deletion, heatmaps
from db.clock import database_time
from db.models import Heatmap, Job
from db.session import Database
from db.verdicts import NewVerdict, add
from tests.support.api import settings_for
from tests.support.explaining import CornerDetector, ask, explainer, heatmap
from tests.support.images import encoded
from tests.support.queue import RecordingQueue
from tests.support.rows import add_planned_job, get_job, verdict_of
from tests.support.workers import recovery
from workers.detectors import Load
from workers.explaining import MAX_ATTEMPTS
from workers.fetching import Fetch
from workers.retention import DAY_S, build_retention

SIZE = (120, 80)
FACES = [
    {"box": [60, 10, 90, 40], "score": 0.9, "detection": 0.9, "reason": None},
    {"box": [10, 20, 30, 40], "score": 0.2, "detection": 0.8, "reason": None},
]


def picture() -> bytes:
    """Return a drawn image that is bright in the left upper quarter of its middle square."""
    image = Image.new("RGB", SIZE)
    image.paste("white", (20, 0, 60, 40))
    return encoded(image, "PNG")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """An empty folder to keep heatmaps in."""
    return Storage((tmp_path / "storage").as_uri())


def add_scored(database: Database, *, label: Label = Label.FAKE, **values: Any) -> int:  # noqa: ANN401 - a verdict's
    """Insert a job of one image, `picture`, that has a verdict; return the job's id."""
    job_id = add_planned_job(database, items=1)
    found = verdict_of(0, hashlib.sha256(picture()).digest(), label=label, **values)
    _store(database, job_id, found)
    return job_id


def _store(database: Database, job_id: int, found: NewVerdict) -> None:
    with database.write() as session:
        add(session, job_id, session.get_one(Job, job_id).model_version_id, [found])


def due(database: Database) -> None:
    """Let the time pass until every heatmap may be taken."""
    with database.write() as session:
        session.execute(update(Heatmap).values(due_at=database_time(-60)))


def opacity(database: Database, storage: Storage, job_id: int, face: int = 0) -> np.ndarray:
    """Return how opaque the stored picture is."""
    key = heatmaps.storage_key(get_job(database, job_id).public_id, 0, face)
    content = read_bytes(storage.uri(key), max_bytes=10**6)
    with Image.open(io.BytesIO(content)) as made:
        return np.asarray(made.convert("RGBA"))[:, :, 3]


def test_a_heatmap_is_made_and_kept_beside_the_jobs_bytes(
    database: Database, storage: Storage
) -> None:
    """Hot where the score comes from, in the size of the image; asking again makes nothing anew."""
    job_id = add_scored(database)
    assert ask(database, job_id)
    explainer(database, storage, lambda _item: picture()).explain_waiting()
    made = heatmap(database, job_id)
    assert made.made_at is not None
    assert (made.towards, made.box) == (Label.FAKE, [0, 0, *SIZE])
    seen = opacity(database, storage, job_id)
    assert seen.shape == SIZE[::-1]
    assert seen[2:35, 25:55].min() > 60
    assert seen[:, 80:].max() == 0
    assert not ask(database, job_id)


def test_a_heatmap_is_for_the_verdict_that_was_given(database: Database, storage: Storage) -> None:
    """Nothing of a bright corner speaks for real; of an uncertain verdict, fake is explained."""
    real, unsure = (add_scored(database, label=label) for label in (Label.REAL, Label.UNCERTAIN))
    for job_id in (real, unsure):
        ask(database, job_id)
    explainer(database, storage, lambda _item: picture()).explain_waiting()
    assert opacity(database, storage, real).max() == 0
    assert opacity(database, storage, unsure).max() > 60
    assert [heatmap(database, job_id).towards for job_id in (real, unsure)] == ["real", "fake"]


def test_each_face_has_a_heatmap_of_its_own(database: Database, storage: Storage) -> None:
    """The one at the verdict's box, in whichever order the faces are found now."""
    job_id = add_scored(database, faces=FACES)
    ask(database, job_id, face=1)
    detector = CornerDetector((10, 20, 30, 40), (60, 10, 90, 40))
    explainer(database, storage, lambda _item: picture(), load=lambda _: detector).explain_waiting()
    assert heatmap(database, job_id, face=1).box == [10, 20, 30, 40]
    assert opacity(database, storage, job_id, face=1).shape == (20, 20)


def _gone(_item: SourceItem) -> bytes:
    raise ItemError(ItemCode.FETCH_FAILED, "The file could not be read; check that it exists.")


def _model(_name: str) -> CornerDetector:
    return CornerDetector()


def _no_model(name: str) -> CornerDetector:
    raise ModelUnavailableError(f"The registry has no model version {name}.")


@pytest.mark.parametrize(
    ("fetch", "load", "code"),
    [
        (_gone, _model, HeatmapCode.IMAGE_GONE),
        (lambda _item: picture() + b"!", _model, HeatmapCode.IMAGE_GONE),
        (lambda _item: picture(), _no_model, HeatmapCode.MODEL_GONE),
    ],
    ids=["image gone", "image changed", "model gone"],
)
def test_what_cannot_be_explained_any_more_says_why(
    database: Database,
    storage: Storage,
    fetch: Fetch,
    load: Load,
    code: HeatmapCode,
) -> None:
    """The image's bytes are not those that were scored, or the model version is gone."""
    job_id = add_scored(database)
    ask(database, job_id)
    explainer(database, storage, fetch, load=load).explain_waiting()
    failed = heatmap(database, job_id)
    assert (failed.made_at, failed.code) == (None, code)
    assert failed.error is not None
    assert failed.error.endswith(".")


def test_what_failed_is_tried_again_when_somebody_asks_later(
    database: Database, storage: Storage
) -> None:
    """Not at once: whoever waits is told; half a minute later the image may be back."""
    job_id = add_scored(database)
    ask(database, job_id)
    explainer(database, storage, _gone).explain_waiting()
    assert not ask(database, job_id)
    with database.write() as session:
        session.execute(update(Heatmap).values(failed_at=database_time(-31)))
    assert ask(database, job_id)
    explainer(database, storage, lambda _item: picture()).explain_waiting()
    assert heatmap(database, job_id).made_at is not None


def test_storage_that_is_away_is_asked_a_few_times(database: Database, storage: Storage) -> None:
    """With a pause between; then the heatmap is given up."""

    def away(_item: SourceItem) -> bytes:
        raise StorageError("The object store does not answer.")

    job_id = add_scored(database)
    ask(database, job_id)
    worker = explainer(database, storage, away)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert heatmap(database, job_id).failed_at is None
        due(database)
        worker.explain_waiting()
        assert heatmap(database, job_id).attempts == attempt
    assert heatmap(database, job_id).code == HeatmapCode.GIVEN_UP


def test_a_heatmap_whose_workers_died_is_given_up(database: Database, storage: Storage) -> None:
    """Each claim counts before anything is decoded."""
    job_id = add_scored(database)
    ask(database, job_id)
    for _ in range(MAX_ATTEMPTS):
        with database.write() as session:
            assert heatmaps.claim_next(session, lease_s=-1) is not None
    explainer(database, storage, lambda _item: picture()).explain_waiting()
    assert heatmap(database, job_id).code == HeatmapCode.GIVEN_UP


def test_one_worker_at_a_time_has_a_heatmap_in_hand(database: Database) -> None:
    """Nobody else gets it before the lease ends, and a deleted job's is for nobody."""
    job_id = add_scored(database)
    ask(database, job_id)
    with database.write() as session:
        claim = heatmaps.claim_next(session, lease_s=60)
        assert claim is not None
        assert (claim.key, claim.label) == ((job_id, 0, 0), Label.FAKE)
        assert heatmaps.claim_next(session, lease_s=60) is None
        session.execute(update(Job).values(deleted_at=database_time()))
    due(database)
    with database.write() as session:
        assert heatmaps.claim_next(session, lease_s=60) is None


def test_a_stopping_worker_rings_for_another(database: Database, storage: Storage) -> None:
    """And takes nothing in hand."""
    job_id = add_scored(database)
    ask(database, job_id)
    queue = RecordingQueue()
    worker = explainer(database, storage, lambda _item: picture(), queue=queue)
    worker.stopping.set()
    worker.explain_waiting()
    assert queue.messages == [explain()]
    assert heatmap(database, job_id).attempts == 0


def test_a_bell_that_was_lost_is_rung_again(database: Database) -> None:
    """By the sweep, once the heatmap has waited longer than its interval."""
    ask(database, add_scored(database))
    queue = RecordingQueue()
    recovery(database, queue, interval_s=60).sweep()
    assert explain() not in queue.messages
    due(database)
    recovery(database, queue, interval_s=15).sweep()
    assert queue.messages.count(explain()) == 1


def test_heatmaps_go_with_their_job(database: Database, tmp_path: Path) -> None:
    """The pictures with the uploads when these are too old, the rows when the job is deleted."""
    settings = settings_for(tmp_path, keep_uploads_days=1)
    storage, retention = Storage(settings.storage_url), build_retention(settings, database)
    job_id = add_scored(database)
    with database.write() as session:
        ended = {"state": "completed", "ended_at": database_time(-2 * DAY_S)}
        session.execute(update(Job).values(**ended))
    retention.run()
    assert get_job(database, job_id).uploads_deleted_at is not None
    ask(database, job_id)
    explainer(database, storage, lambda _item: picture()).explain_waiting()
    key = heatmaps.storage_key(get_job(database, job_id).public_id, 0, 0)
    assert storage.has(key)
    retention.run()
    assert not storage.has(key)
    with database.write() as session:
        deletion.delete(session, get_job(database, job_id).public_id)
    retention.run()
    with database.read() as session:
        assert heatmaps.find(session, (job_id, 0, 0)) is None
