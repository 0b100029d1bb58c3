"""The embedded broker's configuration."""

import stat
import subprocess
from pathlib import Path

import pytest
from redis import Redis

from cli.stack.broker import broker_answers, prepare_broker
from core.errors import ConfigurationError
from tests.support.services import short_folder, valkey_server


def test_the_broker_persists_and_is_private() -> None:
    """Messages outlive kill -9, nothing is evicted, and only the owner reaches the socket."""
    with valkey_server() as server:
        socket = Path(server.url.removeprefix("redis+socket://"))
        with Redis(unix_socket_path=str(socket)) as broker:
            assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert broker.config_get("port") == {"port": "0"}
            broker.rpush("queue", "message")
            broker.execute_command("WAITAOF", 1, 0, 5000)
            server.kill()
            assert not broker_answers(socket)
            server.restart()
            assert broker.lrange("queue", 0, -1) == [b"message"]
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700


def test_a_socket_path_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    """The kernel's limit is checked before anything starts, with what to change."""
    folder = tmp_path / ("x" * 100)
    with pytest.raises(ConfigurationError, match="Set FAKESWEEP_DATA_DIR to a shorter path"):
        prepare_broker(folder / "broker", folder / "run" / "broker.sock")


@pytest.mark.parametrize("sign", "#?%;")
def test_a_sign_that_a_url_reads_otherwise_is_one_sentence(tmp_path: Path, sign: str) -> None:
    """The broker is found by a URL, so its path must survive in one."""
    socket = Path("/tmp") / f"a{sign}b" / "broker.sock"
    with pytest.raises(ConfigurationError, match="Set FAKESWEEP_DATA_DIR to a path without"):
        prepare_broker(tmp_path, socket)


@pytest.mark.parametrize("name", ["a b", 'quo"te', "back\\slash", "ünï", "{x}"])
def test_any_folder_name_will_do(name: str) -> None:
    """Spaces, quotes and the like reach the server as they are."""
    with short_folder() as folder:
        socket = folder / name / "run" / "b.sock"
        command = prepare_broker(folder / name / "broker", socket)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                while not broker_answers(socket):
                    assert process.poll() is None
            finally:
                process.terminate()
        assert (folder / name / "broker" / "appendonlydir").is_dir()
