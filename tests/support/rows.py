"""Rows for tests: a model version, a planned job, verdicts of a claimed shard."""

from collections.abc import Collection
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from core.sources import SourceItem
from core.terms import (
    Alias,
    FaceMode,
    ItemCode,
    JobKind,
    Label,
    Outcome,
    Priority,
    Scope,
    ShardState,
)
from db import claims, dispatching, jobs, model_versions, planning
from db.claims import ShardClaim
from db.models import ApiKey, Job, ModelVersion, Shard
from db.session import Database
from db.verdicts import NewVerdict


def add_champion(database: Database, name: str = "tiny-1") -> int:
    """Make the named model version the champion, inserting it when it is new; return its id."""
    with database.write() as session:
        version = session.scalar(select(ModelVersion).where(ModelVersion.name == name))
        if version is None:
            version = ModelVersion(name=name, fingerprint="0" * 64, card={"name": name})
            session.add(version)
            session.flush()
        model_versions.set_alias(session, Alias.CHAMPION, name)
        return version.id


def add_api_key(database: Database, name: str = "key") -> int:
    """Insert an API key that nobody can present; return its id."""
    with database.write() as session:
        digest = sha256(name.encode()).digest()
        key = ApiKey(name=name, shown="fsk_", digest=digest, scopes=[Scope.SCAN])
        session.add(key)
        session.flush()
        return key.id


def add_job(
    database: Database,
    *,
    model_version_id: int,
    kind: JobKind = JobKind.BULK,
    path: str = "/faces",
    api_key_id: int | None = None,
    priority: Priority = Priority.NORMAL,
    max_failure_ratio: float | None = None,
    rescan: bool = False,
    faces: FaceMode = FaceMode.AUTO,
) -> int:
    """Insert a queued job over a folder; return its id."""
    with database.write() as session:
        job = jobs.create(
            session,
            public_id=jobs.new_public_id(),
            kind=kind,
            source={"type": "folder", "path": path},
            model_version_id=model_version_id,
            api_key_id=api_key_id,
            priority=priority,
            max_failure_ratio=max_failure_ratio,
            rescan=rescan,
            faces=faces,
        )
        return job.id


def add_planned_job(
    database: Database,
    *,
    items: int,
    shard_size: int = 4,
    kind: JobKind = JobKind.BULK,
    priority: Priority = Priority.NORMAL,
    max_failure_ratio: float | None = None,
) -> int:
    """Insert a job whose source is listed: `items` items in shards; return its id."""
    job_id = add_job(
        database,
        model_version_id=add_champion(database),
        kind=kind,
        priority=priority,
        max_failure_ratio=max_failure_ratio,
    )
    everything = [SourceItem(uri=f"file:///faces/{i}", name=f"{i}.jpg") for i in range(items)]
    shards_of_items = [everything[i : i + shard_size] for i in range(0, items, shard_size)]
    with database.write() as session:
        claim = planning.claim(session, job_id, lease_s=60)
        assert claim is not None
        planning.write_shards(session, claim, first_position=0, shards=shards_of_items, lease_s=60)
        planning.finish(session, claim)
    return job_id


def add_job_of(
    database: Database,
    *shards_of_names: list[str],
    kind: JobKind = JobKind.BULK,
    rescan: bool = False,
    faces: FaceMode = FaceMode.AUTO,
    window: int = 16,
    root: str = "file://",
    local: Collection[str] = (),
) -> int:
    """Insert a listed and dispatched job of such shards, whose items have these names.

    Items lie below `root`, except for the `local` ones.
    """
    version = add_champion(database)
    job_id = add_job(database, model_version_id=version, kind=kind, rescan=rescan, faces=faces)
    found = [
        [
            SourceItem(uri=f"{'file://' if name in local else root}/{name}", name=name)
            for name in names
        ]
        for names in shards_of_names
    ]
    with database.write() as session:
        claim = planning.claim(session, job_id, lease_s=60)
        assert claim is not None
        planning.write_shards(session, claim, first_position=0, shards=found, lease_s=60)
        planning.finish(session, claim)
        dispatching.dispatch(session, job_id, window=window)
    return job_id


def claim_shard(
    database: Database, shard_id: int, *, lease_s: float = 60, worker: str = "test"
) -> ShardClaim:
    """Claim a certain shard, which must be free, by putting it before all others."""
    with database.write() as session:
        shard = session.get_one(Shard, shard_id)
        expired = shard.state == ShardState.LEASED and shard.lease_expires_at
        assert expired or shard.state in (ShardState.PLANNED, ShardState.QUEUED), shard.state
        shard.state, shard.turn, rank = ShardState.QUEUED, -1, shard.rank
        shard.rank = dispatching.INTERACTIVE_RANK - 1
        session.flush()
        claim = claims.claim_next(session, worker=worker, lease_s=lease_s)
        assert claim is not None
        assert claim.shard_id == shard_id
        shard.rank = rank
        return replace(claim, interactive=rank == dispatching.INTERACTIVE_RANK)


def verdicts_of(claim: ShardClaim, *, label: Label = Label.REAL) -> list[NewVerdict]:
    """Return a scored verdict for each item of the shard."""
    return [
        verdict_of(position, bytes(31) + bytes([position]), name=item.name, label=label)
        for position, item in zip(claim.positions, claim.items, strict=True)
    ]


def verdict_of(
    position: int,
    sha256: bytes,
    *,
    name: str = "a.jpg",
    label: Label = Label.REAL,
    faces: list[dict[str, Any]] | None = None,
) -> NewVerdict:
    """Return the verdict of a scored image."""
    return NewVerdict(
        position=position,
        name=name,
        outcome=Outcome.SCORED,
        label=label,
        score=0.25,
        faces=faces,
        sha256=sha256,
    )


def failed_verdict(position: int) -> NewVerdict:
    """Return the verdict of an undecodable image."""
    return NewVerdict(
        position=position,
        name=f"{position}.jpg",
        outcome=Outcome.FAILED,
        code=ItemCode.UNDECODABLE,
        message="The file is damaged.",
    )


def get_job(database: Database, job_id: int) -> Job:
    """Return the job's row as it is now."""
    with database.read() as session:
        return session.get_one(Job, job_id)


def shards_of(database: Database, job_id: int) -> list[Shard]:
    """Return the job's shards by position."""
    with database.read() as session:
        query = select(Shard).where(Shard.job_id == job_id).order_by(Shard.first_position)
        return list(session.scalars(query))
