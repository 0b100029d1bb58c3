"""Settings: read from the environment, complete by themselves, refused with a sentence."""

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BROKER_URL", "DATABASE_URL", "FAKESWEEP_BROKER_URL", "FAKESWEEP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_everything_is_local(tmp_path: Path) -> None:
    """The defaults name the embedded broker, a SQLite file and a folder under data_dir."""
    settings = load_settings(data_dir=tmp_path / "data")
    assert settings.uses_embedded_broker
    assert settings.database_url == f"sqlite:///{tmp_path}/data/fakesweep.db"
    assert settings.storage_url == f"file://{tmp_path}/data/storage"


def test_broker_and_database_urls_may_have_their_common_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """BROKER_URL and DATABASE_URL are understood without the prefix."""
    monkeypatch.setenv("BROKER_URL", "redis://broker:6379/0")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://db/fakesweep")
    settings = load_settings()
    assert not settings.uses_embedded_broker
    assert settings.broker_url == "redis://broker:6379/0"
    assert settings.database_url == "postgresql+psycopg://db/fakesweep"


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    """`.env` in the working folder sets what the environment does not."""
    (tmp_path / ".env").write_text("FAKESWEEP_SHARD_SIZE=32\nFAKESWEEP_ALLOWED_ROOTS=/a:/b\n")
    settings = load_settings()
    assert settings.shard_size == 32
    assert settings.allowed_roots == [Path("/a"), Path("/b")]


def test_a_value_that_is_off_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong value gives a sentence with the variable's name, not a traceback."""
    monkeypatch.setenv("FAKESWEEP_SHARD_SIZE", "none")
    with pytest.raises(ConfigurationError, match="FAKESWEEP_SHARD_SIZE"):
        load_settings()


def test_settings_survive_the_way_to_a_child_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is handed over as environment variables is read back the same."""
    settings = load_settings(data_dir=tmp_path, allowed_roots="/a:/b", api_port=9000)
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_secrets_are_not_shown() -> None:
    """URLs that hold passwords stay out of the settings' text."""
    settings = load_settings(broker_url="redis://:hush@broker", database_url="sqlite:///x")
    assert "hush" not in repr(settings)
