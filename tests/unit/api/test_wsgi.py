"""The entry for WSGI servers, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.migrations import upgrade

LOAD = """
import sys
from api.wsgi import create
from core.errors import ConfigurationError
try:
    client = create().test_client()
    print(*(client.get(path).status_code for path in ("/healthz", "/v1/jobs")))
except ConfigurationError as error:
    print(error)
print(sorted({"torch", "transformers"} & set(sys.modules)))
"""


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Create the application in a fresh process."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {"FAKESWEEP_DATA_DIR": str(folder), "PYTHONPATH": str(Path.cwd()), **environment}
    command = [sys.executable, "-c", LOAD]
    return subprocess.run(
        command, env=kept | given, capture_output=True, text=True, check=True, timeout=120
    )


def load(folder: Path, **environment: str) -> list[str]:
    """Create the application in a fresh process; return the lines that it prints."""
    return run(folder, **environment).stdout.strip().splitlines()


def test_the_api_answers_and_imports_no_torch(tmp_path: Path) -> None:
    """From the environment alone; what scores images never loads here."""
    upgrade(f"sqlite:///{tmp_path / 'fakesweep.db'}")
    assert load(tmp_path)[-2:] == ["200 401", "[]"]


@pytest.mark.parametrize(
    ("environment", "statuses", "warning"),
    [
        ({}, "200 401", "no_api_keys"),
        ({"FAKESWEEP_REQUIRE_API_KEYS": "never"}, "200 200", None),
        (
            {"FAKESWEEP_REQUIRE_API_KEYS": "never", "FAKESWEEP_API_HOST": "0.0.0.0"},
            "200 200",
            "open_to_everybody",
        ),
    ],
)
def test_a_server_that_listens_where_it_likes_needs_keys(
    tmp_path: Path, environment: dict[str, str], statuses: str, warning: str | None
) -> None:
    """Unless the setting says otherwise; what an administrator should know is logged."""
    upgrade(f"sqlite:///{tmp_path / 'fakesweep.db'}")
    done = run(tmp_path, **environment)
    assert statuses in done.stdout
    for name in ("no_api_keys", "open_to_everybody"):
        assert (name in done.stderr) is (name == warning)


def test_a_database_without_tables_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Before the first request, not in it."""
    sentence, _ = load(tmp_path)
    assert "run `fakesweep db upgrade`" in sentence


def test_a_setting_that_is_not_valid_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """It names the variable."""
    sentence, _ = load(tmp_path, FAKESWEEP_API_THREADS="none")
    assert "FAKESWEEP_API_THREADS" in sentence
