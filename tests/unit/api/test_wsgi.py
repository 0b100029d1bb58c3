"""The entry for WSGI servers, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from db.migrations import upgrade

LOAD = """
import sys
from api.wsgi import create
from core.errors import ConfigurationError
try:
    answer = create().test_client().get("/healthz")
    print(answer.status_code)
except ConfigurationError as error:
    print(error)
print(sorted({"torch", "transformers"} & set(sys.modules)))
"""


def load(folder: Path, **environment: str) -> list[str]:
    """Create the application in a fresh process; return the lines that it prints."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {"FAKESWEEP_DATA_DIR": str(folder), "PYTHONPATH": str(Path.cwd()), **environment}
    command = [sys.executable, "-c", LOAD]
    done = subprocess.run(
        command, env=kept | given, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip().splitlines()


def test_the_api_answers_and_imports_no_torch(tmp_path: Path) -> None:
    """From the environment alone; what scores images never loads here."""
    upgrade(f"sqlite:///{tmp_path / 'fakesweep.db'}")
    assert load(tmp_path) == ["200", "[]"]


def test_a_database_without_tables_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Before the first request, not in it."""
    sentence, _ = load(tmp_path)
    assert "run `fakesweep db upgrade`" in sentence


def test_a_setting_that_is_not_valid_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """It names the variable."""
    sentence, _ = load(tmp_path, FAKESWEEP_API_THREADS="none")
    assert "FAKESWEEP_API_THREADS" in sentence
