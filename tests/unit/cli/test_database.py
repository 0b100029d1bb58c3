"""Commands that work in the database itself, where it is not of this release, or away."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main

COMMANDS = [
    ("keys", "create", "app"),
    ("keys", "list"),
    ("models", "list"),
    ("models", "sync"),
    ("models", "promote", "faces-1"),
    ("purge",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_without_tables_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """It says how to make them, and nothing goes to standard output."""
    monkeypatch.setenv("FAKESWEEP_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    ended = CliRunner().invoke(main, command)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "fakesweep db upgrade" in ended.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_is_away_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """It names the setting, and no password."""
    address = "postgresql+psycopg://me:hunter2@127.0.0.1:1/none"
    monkeypatch.setenv("FAKESWEEP_DATABASE_URL", address)
    ended = CliRunner().invoke(main, command)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "DATABASE_URL" in ended.stderr
    assert "hunter2" not in ended.stderr
