"""What the doctor asks of the model: whole files, and a device that runs them."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from cli.doctor.finding import Found, fault, ok, warning
from core.errors import ModelUnavailableError
from core.registry import Registry
from core.settings import Settings
from db import model_versions
from db.session import Database
from workers.detectors import Load

Loading = Callable[[Settings], Load]


class Champion(NamedTuple):
    """The version that scans use, as it was registered; without a fingerprint it never was."""

    name: str
    fingerprint: str | None


def look_at_model(settings: Settings) -> Found:
    """Check the champion's files against their checksums, and those against the database."""
    champion = find_champion(settings)
    files = Registry(settings.registry_dir).verify(champion.name)
    if champion.fingerprint is None:
        return warning(
            f"{champion.name} is whole, and is not registered yet; `fakesweep up`, or `fakesweep "
            "models sync`, does that."
        )
    if files.fingerprint != champion.fingerprint:
        return fault(
            f"The files of {champion.name} are not those that were registered. Versions are "
            "immutable: restore them, or publish a new version."
        )
    return ok(f"The champion is {champion.name}, and its files are those that were registered.")


def look_at_device(settings: Settings, loading: Loading) -> Found:
    """Load the champion as a worker does, and run it once."""
    champion = find_champion(settings)
    detector = loading(settings)(champion.name)
    return ok(f"{champion.name} runs on the device {detector.device}.")


def find_champion(settings: Settings) -> Champion:
    """Return the version that scans use, or will; raises ModelUnavailableError."""
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or Path(url.database or "").is_file():
        with closing(Database(settings.database_url)) as database:
            try:
                with database.read() as session:
                    found = model_versions.champion(session)
                    return Champion(found.name, found.fingerprint)
            except (SQLAlchemyError, ModelUnavailableError):
                pass  # the database has its own line
    versions = Registry(settings.registry_dir).list()
    if not versions:
        raise ModelUnavailableError(
            f"There is no model version in {settings.registry_dir}; publish one with `fakesweep "
            "train publish`, or correct FAKESWEEP_REGISTRY_DIR."
        )
    return Champion(versions[-1].id, None)
