"""`fakesweep up` and `fakesweep scan` as a person runs them, with real processes."""

import csv
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from client import Client
from tests.support.stack import PATIENCE_S, Installation, installation, processes_of

NUMBER = 5


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition; fails the test when it does not come."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def draw_images(folder: Path, number: int = NUMBER) -> Path:
    """Draw images of one colour each."""
    folder.mkdir(parents=True, exist_ok=True)
    for position in range(number):
        Image.new("RGB", (64, 64), (position * 7 % 256, position // 36, 90)).save(
            folder / f"{position:04}.png"
        )
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images and one damaged file."""
    folder = draw_images(tmp_path_factory.mktemp("images"))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not an image")
    return folder


@pytest.fixture(scope="module")
def running(images: Path) -> Iterator[Installation]:
    """An installation whose `fakesweep up` runs, allowed to read the images."""
    with installation(allowed_roots=str(images)) as installed, installed.up():
        yield installed


def test_scan_alone_starts_everything_and_leaves_nothing(images: Path) -> None:
    """One command: verdicts on the terminal and in the CSV, and no process stays behind.

    The engine is the one that people get who set nothing: converted once, and kept.
    """
    with installation(engine="auto") as installed:
        done = installed.run("scan", str(images), "--csv", "verdicts.csv")
        assert done.returncode == 0, done.stderr
        assert "failed: undecodable" in done.stdout
        with (installed.folder / "verdicts.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert [row["outcome"] for row in rows] == ["scored"] * NUMBER + ["failed"]
        assert {row["model_version"] for row in rows} == {"tiny-1"}
        assert not processes_of(installed)
        (converted,) = (installed.folder / "var" / "engines").glob("tiny-1-*/model.xml")

        again = installed.run("scan", str(images / "0000.png"))
        assert again.returncode == 0, again.stderr
        assert "0000.png" in again.stdout
        assert "1 of them seen before" in again.stdout
        assert list(converted.parent.parent.glob("*/model.xml")) == [converted]


def test_scan_uses_the_stack_that_runs(running: Installation, images: Path) -> None:
    """Beside `fakesweep up`, a scan is a client of it."""
    done = running.run("scan", str(images))
    assert done.returncode == 0, done.stderr
    assert "Using the stack that runs here: `fakesweep up`" in done.stderr


def test_scan_of_a_folder_that_is_not_allowed(running: Installation, tmp_path: Path) -> None:
    """The refusal says what to do: allow the folder, or upload; uploading works."""
    folder = draw_images(tmp_path / "elsewhere")
    refused = running.run("scan", str(folder))
    assert refused.returncode == 2
    assert "not under an allowed root" in refused.stderr
    assert f"add --url {running.url}" in refused.stderr
    sent = running.run("scan", str(folder), "--url", running.url)
    assert sent.returncode == 0, sent.stderr
    assert "0004.png" in sent.stdout


def test_the_other_commands_reach_the_stack(running: Installation, images: Path) -> None:
    """Jobs through the API, model versions through the database."""
    with Client(running.url) as client:
        scan = client.scan(images / "0001.png", wait_s=30)
    assert scan.verdict is not None
    assert scan.verdict.name == "0001.png"
    listed = running.run("jobs", "list", "--state", "completed")
    assert listed.returncode == 0, listed.stderr
    assert scan.job.id in listed.stdout
    assert "tiny-1" in running.run("jobs", "show", scan.job.id).stdout
    missing = running.run("jobs", "show", "job_" + "0" * 32)
    assert (missing.returncode, missing.stderr[:7]) == (1, "Error: ")
    assert "nothing new" in running.run("models", "sync").stdout
    assert running.run("models", "promote", "tiny-1", "--alias", "challenger").returncode == 0
    assert "challenger, champion" in running.run("models", "list").stdout.replace("\n", "")
    assert running.run("models", "promote", "tiny-9").returncode == 1
    assert running.run("db", "upgrade").stdout == "The database is up to date.\n"


def test_an_archive_is_scanned(running: Installation, images: Path, tmp_path: Path) -> None:
    """A zip goes up in one part, and its members become items."""
    archive = shutil.make_archive(str(tmp_path / "images"), "zip", images)
    with Client(running.url) as client:
        job = client.jobs.wait(client.jobs.submit_archive(Path(archive)).id)
        names = [verdict.name for verdict in client.jobs.verdicts(job.id, outcome="scored")]
    assert (job.state, sorted(names)[0], len(names)) == ("completed", "0000.png", NUMBER)


@pytest.mark.parametrize("name", ["a:b", "with space 'ünï'"])
def test_any_folder_name_can_be_scanned(name: str) -> None:
    """Separators and signs in the folder's name, and in that of the data folder, do no harm."""
    with installation() as installed:
        installed.environment["FAKESWEEP_DATA_DIR"] = str(installed.folder / f"data {name}")
        draw_images(installed.folder / name, 1)
        done = installed.run("scan", name)
        assert done.returncode == 0, done.stderr
        assert "0000.png" in done.stdout


def test_a_second_up_is_refused(running: Installation) -> None:
    """One stack a data folder; the sentence says who holds it."""
    second = running.run("up")
    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert "is in use by `fakesweep up`" in second.stderr


def test_a_killed_worker_comes_back(running: Installation, images: Path) -> None:
    """kill -9 of the worker and of the broker: both are started again, and scans go on."""
    before = named_processes(running)
    killed = ("worker", "valkey")
    for name in killed:
        os.kill(before[name], signal.SIGKILL)

    def are_back() -> bool:
        now = named_processes(running)
        return all(now.get(name, pid) != pid for name, pid in before.items() if name in killed)

    until(are_back)
    done = running.run("scan", str(images))
    assert done.returncode == 0, done.stderr


def test_ctrl_c_stops_all_processes(images: Path) -> None:
    """Everything ends, in order, with exit code 0 and the broker's data on disk."""
    with installation(allowed_roots=str(images)) as installed:
        with installed.up("--workers", "2") as process:
            until(lambda: len(processes_of(installed)) == 6)
            ready = f"fakesweep is ready: {installed.url}"
            until(lambda: ready in (installed.folder / "up.log").read_text())
        assert process.returncode == 0
        assert not processes_of(installed)
        said = (installed.folder / "up.log").read_text()
        assert said.endswith("Stopped.\n")


def test_a_killed_up_leaves_no_process() -> None:
    """kill -9 of the parent takes the broker, the API, the workers and beat with it."""
    with installation() as installed, installed.up() as process:
        process.kill()
        process.wait()
        until(lambda: not processes_of(installed))


def test_a_scan_outlives_its_api(tmp_path: Path) -> None:
    """kill -9 of the API: it is started again, and the scan goes on to its last verdict."""
    folder = draw_images(tmp_path / "many", 600)
    with installation(shard_size="4", batch_size="1") as installed:
        process = installed.spawn("scan", str(folder))
        with Client(installed.url) as client:
            until(lambda: client.is_ready() and has_verdicts(client))
        os.kill(named_processes(installed)["api"], signal.SIGKILL)
        output, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, output


def test_ctrl_c_cancels_the_scan(tmp_path: Path) -> None:
    """An interrupted scan leaves no job that the next stack would go on with."""
    folder = draw_images(tmp_path / "many", 1200)
    with installation(shard_size="4", batch_size="1") as installed:
        process = installed.spawn("scan", str(folder))
        with Client(installed.url) as client:
            until(lambda: client.is_ready() and has_verdicts(client))
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130, output
        assert "the job was cancelled" in output
        assert not processes_of(installed)
        with installed.up(), Client(installed.url) as client:
            until(lambda: next(client.jobs.list()).state == "cancelled")


@pytest.mark.parametrize("command", [("up",), ("scan", ".")])
def test_what_is_missing_is_one_sentence(command: tuple[str, ...]) -> None:
    """No model version, no broker: exit code 2 before anything starts."""
    with installation() as installed:
        draw_images(installed.folder)
        shutil.rmtree(installed.folder / "registry")
        without_model = installed.run(*command)
        installed.environment["BROKER_URL"] = "redis://127.0.0.1:1"
        without_broker = installed.run(*command)
    for done, words in ((without_model, "no model version"), (without_broker, "does not answer")):
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1


def test_up_on_a_taken_port_is_one_sentence() -> None:
    """The port is checked before anything starts; `scan` takes another one by itself."""
    with installation() as installed, socket.create_server(("127.0.0.1", installed.port)):
        refused = installed.run("up")
        assert refused.returncode == 2
        assert f"Nothing can listen on 127.0.0.1, port {installed.port}" in refused.stderr
        draw_images(installed.folder / "images")
        assert installed.run("scan", "images").returncode == 0


def has_verdicts(client: Client) -> bool:
    """Whether the newest job has begun to end items."""
    job = next(client.jobs.list(), None)
    return job is not None and job.counters.ended > 0


def named_processes(installed: Installation) -> dict[str, int]:
    """The process ids of the stack by name."""
    named = {}
    for pid in processes_of(installed):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        for name in ("worker", "api", "beat"):
            if words[-2:-1] == [name] and "-S" not in words:
                named[name] = pid
        if "valkey-server" in words[0]:
            named["valkey"] = pid
    return named
