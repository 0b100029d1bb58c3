"""Model versions and their aliases, as the database knows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.errors import ConflictError, ModelUnavailableError, NotFoundError
from core.registry import ModelVersionFiles
from core.terms import Alias
from db.models import ModelAlias, ModelVersion


@dataclass(frozen=True)
class Holder:
    """The version that holds an alias since `since`, and the one that held it before, if any."""

    name: str
    previous: str | None
    since: datetime


def sync(session: Session, found: Iterable[ModelVersionFiles]) -> list[ModelVersion]:
    """Register the versions that are new; the last of them becomes champion if there is none yet.

    Raises ConflictError when a registered version's files are not those that were registered.
    """
    known = {version.name: version for version in session.scalars(select(ModelVersion))}
    added = []
    for files in found:
        if files.id not in known:
            added.append(
                ModelVersion(name=files.id, fingerprint=files.fingerprint, card=files.card)
            )
        elif known[files.id].fingerprint != files.fingerprint:
            raise ConflictError(
                f"The files of model version {files.id} have changed since it was registered. "
                "Versions are immutable: restore them, or publish a new version."
            )
    session.add_all(added)
    session.flush()
    if added and session.get(ModelAlias, Alias.CHAMPION) is None:
        set_alias(session, Alias.CHAMPION, added[-1].name)
    return added


def everyone(session: Session) -> Sequence[ModelVersion]:
    """Return all versions with their cards, newest first."""
    query = select(ModelVersion).options(undefer(ModelVersion.card))
    return session.scalars(query.order_by(ModelVersion.id.desc())).all()


def aliases(session: Session) -> dict[int, list[Alias]]:
    """Return the aliases that each version's id holds."""
    held: dict[int, list[Alias]] = {}
    for row in session.scalars(select(ModelAlias).order_by(ModelAlias.alias)):
        held.setdefault(row.model_version_id, []).append(row.alias)
    return held


def champion(session: Session) -> ModelVersion:
    """Return the version that scans use; raises ModelUnavailableError when there is none."""
    query = (
        select(ModelVersion)
        .join(ModelAlias, ModelAlias.model_version_id == ModelVersion.id)
        .where(ModelAlias.alias == Alias.CHAMPION)
    )
    version = session.scalar(query)
    if version is None:
        raise ModelUnavailableError(
            "There is no model version to scan with. Publish one with `fakesweep train publish`, "
            "or point FAKESWEEP_REGISTRY_DIR at a folder of model versions; "
            "then run `fakesweep models sync`."
        )
    return version


def get(session: Session, name: str) -> ModelVersion:
    """Return the named version; raises NotFoundError."""
    version = session.scalar(select(ModelVersion).where(ModelVersion.name == name))
    if version is None:
        raise NotFoundError(
            f"There is no model version {name}; `fakesweep models list` shows those there are."
        )
    return version


def holders(session: Session) -> dict[Alias, Holder]:
    """Return who holds each alias that has been given, and who held it before."""
    names = {version.id: version.name for version in session.scalars(select(ModelVersion))}
    return {
        row.alias: Holder(names[row.model_version_id], names.get(row.previous_id or 0), row.set_at)
        for row in session.scalars(select(ModelAlias))
    }


def set_alias(
    session: Session, alias: Alias, name: str, *, instead_of: str | None = None
) -> ModelVersion:
    """Give the alias to the named version, and remember who held it before.

    Raises NotFoundError; and ConflictError when `instead_of` is named and does not hold it now.
    """
    version = get(session, name)
    held = session.get(ModelAlias, alias, with_for_update=True)
    holder = session.get_one(ModelVersion, held.model_version_id).name if held else None
    if instead_of is not None and holder != instead_of:
        raise ConflictError(
            f"The {alias} is {holder or 'no version'} now, not {instead_of}: somebody changed it "
            "meanwhile. Look at the models again before you decide."
        )
    if held is None:
        session.add(ModelAlias(alias=alias, model_version_id=version.id))
    elif held.model_version_id != version.id:
        held.previous_id, held.model_version_id = held.model_version_id, version.id
    return version
