"""The Dockerfile against the repository: the image has what the processes need, and no more."""

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import PurePosixPath

from tests.support.containers import ROOT, load_dockerfile

BUILD, FINAL = load_dockerfile()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
IGNORED = [
    line
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


def _words(word: str) -> list[str]:
    return [one.rest for stage in (BUILD, FINAL) for one in stage if one.word == word]


def _sources() -> set[str]:
    """Return what is copied from the repository."""
    copies = [rest.split() for rest in _words("COPY") if not rest.startswith("--from=")]
    return {source for *sources, _ in copies for source in sources}


def _is_sent(path: str) -> bool:
    """Return whether Docker gets the path; of the rules that match it, the last one counts."""
    sent = True
    whole = PurePosixPath(path)
    for rule in IGNORED:
        pattern = rule.removeprefix("!")
        anywhere = pattern.startswith("**/")
        for part in (whole, *whole.parents):
            matches = part.match(pattern[3:]) if anywhere else fnmatch(str(part), pattern)
            if matches:
                sent = rule.startswith("!")
    return sent


def test_every_copied_path_exists_and_is_sent() -> None:
    """What COPY names is in the repository, and `.dockerignore` lets it through."""
    for source in _sources():
        assert (ROOT / source).exists(), source
        assert _is_sent(source), source


def test_private_and_large_paths_stay_out() -> None:
    """Secrets, data and caches are not sent to the engine."""
    for path in (
        ".env",
        ".git",
        ".venv/bin/python",
        "var/fakesweep.db",
        "runs/1/a.safetensors",
    ):
        assert not _is_sent(path), path
    assert not _is_sent("core/__pycache__/settings.pyc")
    assert _is_sent("core/settings.py")


def test_every_package_is_in_the_image() -> None:
    """The packages that the project installs are copied, and so are the shipped models."""
    packages = {
        pattern.removesuffix("*")
        for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    assert packages | {"models"} <= _sources()


def test_the_files_that_the_build_of_the_project_reads_are_copied() -> None:
    """pyproject.toml, and the readme and licence that it names."""
    project = PROJECT["project"]
    assert {"pyproject.toml", project["readme"], *project["license-files"]} <= _sources()


def test_the_python_is_the_one_of_the_lock() -> None:
    """The lock was resolved with the version of Python that the image has."""
    head = (ROOT / "requirements/runtime.lock").read_text("utf-8")[:200]
    locked = re.search(r"with Python (\d+\.\d+)", head)
    given = re.search(r"^ARG PYTHON_VERSION=(\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.M)
    assert locked is not None
    assert given is not None
    assert locked[1] == given[1]


def test_only_locked_dependencies_are_installed() -> None:
    """One installation is from the lock; the other, of the project, resolves nothing."""
    installs = [rest for rest in _words("RUN") if "pip install" in rest]
    assert len(installs) == 2
    assert "--requirement requirements/runtime.lock" in installs[0]
    assert "--no-deps" in installs[1]


def test_the_process_is_not_root() -> None:
    """The last USER of the image is a number other than 0, and the user exists."""
    (user,) = (one.rest for one in FINAL if one.word == "USER")
    assert int(user) > 0
    assert any(f"useradd --uid {user} " in rest for rest in _words("RUN"))


def test_the_command_is_in_exec_form() -> None:
    """Signals reach the process, not a shell."""
    (command,) = _words("CMD")
    assert json.loads(command)[0] == "fakesweep"


def test_the_data_folder_belongs_to_the_user() -> None:
    """A new volume takes over the owner of the folder that it is mounted on."""
    assert any(
        "install --directory --owner=fakesweep --group=fakesweep /var/lib/fakesweep" in rest
        for rest in _words("RUN")
    )
