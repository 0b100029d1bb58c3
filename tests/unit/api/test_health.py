"""Whether the API says that it lives and is ready, and what keeps it from that."""

import threading
from pathlib import Path

import pytest

from api import health
from core.errors import StorageError
from core.storage import Storage
from core.taskqueue import QueueName
from db.session import Database
from tests.support.api import ApiRig
from tests.support.queue import RecordingQueue


class FullStorage(Storage):
    """Takes nothing."""

    def write(self, key: str, content: object) -> str:  # noqa: ARG002 - Storage's signature
        """Refuse."""
        raise StorageError("Storage has no room left.")


class HangingQueue(RecordingQueue):
    """Does not answer until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def depth(self, queue: QueueName) -> int:  # noqa: ARG002 - TaskQueue's signature
        """Wait."""
        self.released.wait(30)
        return 0


def test_health_needs_nothing_but_the_process(rig: ApiRig) -> None:
    """A broker that is down does not make the process restart."""
    rig.queue.is_down = True
    assert rig.client.get("/healthz").json == {"status": "ok", "checks": {}}


def test_the_api_is_ready_when_everything_answers(rig: ApiRig) -> None:
    """Each part is named."""
    answer = rig.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["checks"] == {"database": "ok", "broker": "ok", "storage": "ok"}


def test_a_broker_that_is_down_is_named(rig: ApiRig) -> None:
    """The other parts are still checked."""
    rig.queue.is_down = True
    answer = rig.client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["checks"]["broker"] == "The broker does not answer; start it."
    assert answer.json["checks"]["database"] == "ok"


def test_a_broker_that_hangs_is_not_waited_for(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe answers in time, and says which part did not."""
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.05)
    queue = HangingQueue()
    client = ApiRig(rig.settings, rig.database, rig.storage, queue).client
    answer = client.get("/readyz")
    queue.released.set()
    assert answer.status_code == 503
    assert answer.json["checks"]["broker"] == "The broker does not answer in time."


def test_a_database_of_another_release_is_not_ready(rig: ApiRig, tmp_path: Path) -> None:
    """An empty database has no tables yet; the sentence says what to run."""
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    answer = ApiRig(rig.settings, empty, rig.storage).client.get("/readyz")
    empty.close()
    assert answer.status_code == 503
    assert "fakesweep db upgrade" in answer.json["checks"]["database"]


def test_storage_that_takes_nothing_is_not_ready(rig: ApiRig) -> None:
    """A full disk shows before an upload fails."""
    full = FullStorage(rig.settings.storage_url)
    answer = ApiRig(rig.settings, rig.database, full).client.get("/readyz")
    assert answer.json["checks"]["storage"] == "Storage has no room left."
