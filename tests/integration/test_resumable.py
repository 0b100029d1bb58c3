"""A large file sent to a real server process that is killed in the middle."""

import signal
import socket
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.stack.orphans import die_with_parent
from client import Client, resumable
from core.sources import ArchiveSource, source_from_dict
from core.storage import read_bytes
from db import jobs
from db.session import Database
from tests.support.fleet import wait_for
from tests.support.stack import Installation, command, installation

PIECE_BYTES = 256 * 1024
PIECES = 6


class ApiProcess:
    """`fakesweep api`, which can be killed and started again."""

    def __init__(self, installed: Installation) -> None:
        self._installed = installed
        self._log = (installed.folder / "api.log").open("ab")
        self.start()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self._process = subprocess.Popen(
            command("api"),
            env=self._installed.environment,
            cwd=self._installed.folder,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=die_with_parent,
        )
        wait_for(self._answers)

    def kill(self) -> None:
        """End the process at once, as a crash of the machine would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """End the process, if it runs."""
        if self._process.poll() is None:
            self.kill()
        self._log.close()

    def _answers(self) -> bool:
        assert self._process.poll() is None, "The API ended; see its log."
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._installed.port)) == 0


@pytest.fixture
def installed() -> Iterator[Installation]:
    """An installation with a database and a champion, and nothing that runs."""
    with installation() as installed:
        for arguments in (("db", "upgrade"), ("models", "sync")):
            done = installed.run(*arguments)
            assert done.returncode == 0, done.stderr
        yield installed


@pytest.fixture
def api(installed: Installation) -> Iterator[ApiProcess]:
    """The installation's API."""
    process = ApiProcess(installed)
    yield process
    process.close()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of several pieces, and a client for which it is a large one."""
    monkeypatch.setattr(resumable, "PIECE_BYTES", PIECE_BYTES)
    monkeypatch.setattr("client.submission.RESUMABLE_FROM_BYTES", PIECE_BYTES)
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.bin", bytes(i % 253 for i in range(PIECES * PIECE_BYTES - 1000)))
    return path


def stored_bytes(installed: Installation, public_id: str) -> bytes:
    """Return the bytes of the archive that the job is to scan."""
    database = Database(f"sqlite:///{installed.folder / 'var' / 'fakesweep.db'}")
    with database.read() as session:
        source = source_from_dict(jobs.get(session, public_id).source)
    database.close()
    assert isinstance(source, ArchiveSource)
    return b"".join(read_bytes(part.uri, max_bytes=part.size) for part in source.parts)


def test_an_upload_goes_on_after_the_server_was_killed(
    installed: Installation, api: ApiProcess, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client asks where to go on, and the job gets the file as it was."""
    calls: list[int] = []
    received: list[int] = []
    send_piece = resumable.AsyncUploads._send_piece

    async def disturbed(*arguments: Any) -> int:  # noqa: ANN401 - those of the client's own
        calls.append(1)
        if len(calls) == 3:
            api.kill()
        try:
            received.append(await send_piece(*arguments))
        finally:
            if len(calls) == 3:
                api.start()
        return received[-1]

    monkeypatch.setattr(resumable.AsyncUploads, "_send_piece", disturbed)
    with Client(installed.url) as client:
        job = client.jobs.submit_archive(archive)
    size = archive.stat().st_size
    assert received == [*range(PIECE_BYTES, size, PIECE_BYTES), size]
    assert len(calls) == len(received) + 1
    assert stored_bytes(installed, job.id) == archive.read_bytes()


def test_a_request_that_the_kill_cut_off_changes_nothing(
    installed: Installation, api: ApiProcess, archive: Path
) -> None:
    """Half a piece was on its way: the upload is where it was, and another client goes on."""
    content = archive.read_bytes()
    with Client(installed.url) as client:
        upload_id = client.uploads.begin(archive)
        head = (
            f"PATCH /v1/uploads/{upload_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            "Content-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", installed.port)) as connection:
            connection.sendall(head.encode() + content[: len(content) // 2])
            api.kill()
    api.start()
    with Client(installed.url) as client:
        client.uploads.resume(archive, upload_id)
        job = client.jobs.submit_upload(upload_id)
    assert stored_bytes(installed, job.id) == content
