"""What the API's tests work with: an application on fakes, its client, drawn uploads."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from api.app import create_app
from core.settings import Settings
from core.storage import Storage
from core.terms import Scope
from db import api_keys
from db.session import Database
from tests.support.pretend_worker import PretendWorker
from tests.support.queue import RecordingQueue


def settings_for(folder: Path, **values: object) -> Settings:
    """Return settings whose data lies in the folder, untouched by the environment's `.env`."""
    return Settings(data_dir=folder, _env_file=None, **values)  # pyright: ignore[reportCallIssue] - pydantic validates them


@dataclass
class ApiRig:
    """An application with the collaborators that it was wired with."""

    settings: Settings
    database: Database
    storage: Storage
    queue: RecordingQueue = field(default_factory=RecordingQueue)

    def __post_init__(self) -> None:
        self.app: Flask = create_app(
            self.settings, database=self.database, queue=self.queue, storage=self.storage
        )
        self.worker = PretendWorker(self.database, self.storage)

    @property
    def client(self) -> "ApiClient":
        """A test client that sends no Origin, as programs do."""
        return ApiClient(self.app.test_client())

    def add_key(self, name: str, *scopes: Scope, **limits: int) -> str:
        """Make an API key, by default one that may only scan, and return it."""
        with self.database.write() as session:
            return api_keys.create(session, name=name, scopes=scopes or [Scope.SCAN], **limits)

    def client_with(self, key: str) -> "ApiClient":
        """A test client that sends the API key."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        return ApiClient(client)

    def kept(self) -> list[str]:
        """Return the keys of all files in storage."""
        root = Path(self.settings.data_dir) / "storage"
        return sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())


class Answer(TestResponse):
    """An answer whose JSON the test takes as it comes."""

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body's JSON."""
        return self.get_json()


class ApiClient:
    """A test client whose answers are typed as `Answer`."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def open(self, path: str, **options: Any) -> Answer:  # noqa: ANN401 - Werkzeug's
        """Send a request."""
        return cast("Answer", self._client.open(path, **options))

    def get(self, path: str, **options: Any) -> Answer:  # noqa: ANN401 - Werkzeug's
        """Send a GET request."""
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: Any) -> Answer:  # noqa: ANN401 - Werkzeug's
        """Send a POST request."""
        return self.open(path, method="POST", **options)


def png(colour: str = "teal", size: tuple[int, int] = (32, 32)) -> bytes:
    """Return a small drawn image."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def part(name: str, content: bytes | None = None) -> tuple[io.BytesIO, str]:
    """Return a file part of a multipart body; without content, a small drawn image."""
    return io.BytesIO(png() if content is None else content), name
