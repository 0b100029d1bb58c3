"""`fakesweep completion`, and what a shell is offered then."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cli.main import main

COMPLETE = "import sys; from cli.main import main; main(prog_name='fakesweep')"


def offered(words: str) -> list[str]:
    """Return what the shell is offered for the last of the words."""
    asked = {"_FAKESWEEP_COMPLETE": "bash_complete", "COMP_WORDS": f"fakesweep {words}"}
    count = {"COMP_CWORD": str(len(words.split(" ")))}
    answer = subprocess.check_output(
        [sys.executable, "-c", COMPLETE], text=True, env=os.environ | asked | count
    )
    return [line.partition(",")[2] for line in answer.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    """It asks the command that it completes."""
    written = CliRunner().invoke(main, ["completion", shell])
    assert written.exit_code == 0
    assert f"_FAKESWEEP_COMPLETE={shell}_complete" in written.stdout


def test_bash_takes_the_script() -> None:
    """It is a program without a fault, and completes the command."""
    script = CliRunner().invoke(main, ["completion", "bash"]).stdout
    ended = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\ncomplete -p fakesweep"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("complete")
    assert ended.stderr == ""


def test_commands_options_and_values_are_offered() -> None:
    """Wherever the person is."""
    assert offered("com") == ["completion"]
    assert offered("jobs wat") == ["watch"]
    assert "--priority" in offered("jobs submit --pri")
    assert offered("jobs submit --priority h") == ["high"]


def test_a_command_is_offered_without_importing_the_others() -> None:
    """A person who presses Tab does not wait for torch."""
    script = (
        "import sys, click; from cli.main import main; "
        "main.shell_complete(click.Context(main), ''); print(*sys.modules)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert not {"torch", "celery", "sqlalchemy", "flask", "httpx", "rich"} & set(loaded)
