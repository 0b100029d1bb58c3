"""The `fakesweep` command itself: its list of commands, and how errors look."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.lazy import LazyCommand
from cli.main import COMMANDS, Root, main
from core.errors import BrokerUnavailableError, ConfigurationError, FakesweepError

HEAVY = ("torch", "transformers", "celery", "sqlalchemy", "flask", "httpx", "pydantic", "rich")


@click.command()
@click.argument("kind")
def fail(kind: str) -> None:
    """End with an error of the kind."""
    errors = {error.__name__: error for error in (ConfigurationError, FakesweepError)}
    errors |= {"BrokerUnavailableError": BrokerUnavailableError, "KeyError": KeyError}
    raise errors[kind]("It is broken; mend it.")


@pytest.fixture
def root() -> Root:
    """The root group with one command that fails."""
    return Root(name="root", lazy={"fail": LazyCommand(f"{__name__}:fail", "Fail.")})


@pytest.mark.parametrize(
    ("kind", "code"),
    [("ConfigurationError", 2), ("BrokerUnavailableError", 2), ("FakesweepError", 1)],
)
def test_an_error_of_ours_is_a_sentence_and_an_exit_code(root: Root, kind: str, code: int) -> None:
    """No traceback: what happened, on standard error."""
    ended = CliRunner().invoke(root, ["fail", kind])
    assert (ended.exit_code, ended.stderr) == (code, "Error: It is broken; mend it.\n")
    assert ended.stdout == ""


def test_an_unexpected_error_keeps_its_traceback(root: Root) -> None:
    """A defect is not dressed up as a person's mistake."""
    assert isinstance(CliRunner().invoke(root, ["fail", "KeyError"]).exception, KeyError)


def test_help_lists_every_command() -> None:
    """The list is complete, and each line says what the command does."""
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for name, entry in COMMANDS.items():
        assert f"  {name} " in shown.stdout
        assert entry.help in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there(name: str) -> None:
    """Each entry of the list leads to a command with help of its own."""
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Usage: fakesweep" in shown.stdout or "Usage: main" in shown.stdout


def test_help_imports_nothing_heavy() -> None:
    """`fakesweep --help` and completion answer at once."""
    script = "import sys, cli.main; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert not set(HEAVY) & set(loaded)


def test_scan_imports_neither_torch_nor_flask() -> None:
    """The command that a person waits for starts without what its processes need."""
    script = "import sys, cli.scan; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert not {"torch", "transformers", "flask"} & set(loaded)


def test_an_unknown_command_is_named() -> None:
    """A typing error is told apart from a failure."""
    ended = CliRunner().invoke(main, ["scna"])
    assert ended.exit_code == 2
    assert "No such command 'scna'" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no/such/folder"], "no/such/folder does not exist"),
        (["empty"], "There are no images in empty"),
        (["image.png", "--csv", "no/such/verdicts.csv"], "cannot be written"),
        (["image.png", "--url", "localhost"], "write it as http://host:port"),
        (["image.png", "--url", "http://127.0.0.1:9"], "does not answer"),
    ],
)
def test_scan_says_what_is_wrong_before_it_starts(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mistake is one sentence with exit code 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").touch()
    (tmp_path / "image.png").touch()
    ended = CliRunner().invoke(main, ["scan", *arguments])
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_settings_that_are_not_valid_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting is one sentence, whichever command reads it."""
    monkeypatch.setenv("FAKESWEEP_API_PORT", "many")
    ended = CliRunner().invoke(main, ["jobs", "list"])
    assert ended.exit_code == 2
    assert "FAKESWEEP_API_PORT" in ended.stderr
