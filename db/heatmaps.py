"""Heatmaps: asked for once, made by one worker at a time, made anew when their picture is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from core.sources import SourceItem
from core.terms import HeatmapCode, Label
from db import items, uploads
from db.clock import database_time
from db.inserting import insert_into
from db.models import Heatmap, Job, Verdict

TO_MAKE = and_(Heatmap.made_at.is_(None), Heatmap.failed_at.is_(None))
FAILED_FOR_S = 30.0  # what failed is tried again when somebody asks for it later than that
Key = tuple[int, int, int]  # job, position, face


@dataclass(frozen=True)
class HeatmapClaim:
    """A heatmap that a worker has in hand, and what it is made from.

    `attempts` counts this one. `public_id` is the job's, `faces` are those of the verdict.
    """

    key: Key
    public_id: str
    item: SourceItem
    sha256: bytes | None
    label: Label
    faces: Sequence[dict[str, Any]] | None
    model_version: str
    attempts: int

    @property
    def position(self) -> int:
        """The item's place in its job."""
        return self.key[1]

    @property
    def face(self) -> int:
        """Which of the verdict's faces, or 0."""
        return self.key[2]


def storage_key(public_id: str, position: int, face: int) -> str:
    """Return the key under which the picture lies, among the bytes of its job."""
    return f"{uploads.storage_key(public_id)}/heatmaps/{position}-{face}.png"


def bell(public_id: str, position: int, face: int) -> str:
    """Return the name of the bell that tells that the heatmap is made, or has failed."""
    return f"{public_id}-{position}-{face}"


def find(session: Session, key: Key) -> Heatmap | None:
    """Return the heatmap, if anybody has asked for it."""
    return session.get(Heatmap, key, populate_existing=True)


def request(session: Session, key: Key) -> bool:
    """Ask for the heatmap; return whether a bell must be rung.

    One that is waited for already stays as it is; one that failed a while ago is due again.
    """
    job_id, position, face = key
    added = session.execute(
        insert_into(session, Heatmap)
        .values(job_id=job_id, position=position, face=face)
        .on_conflict_do_nothing()
        .returning(Heatmap.job_id)
    ).first()
    return added is not None or _reset(session, key)


def request_again(session: Session, key: Key) -> None:
    """Ask for a heatmap that was made, and whose picture is not in storage any more."""
    session.execute(
        update(Heatmap)
        .where(_is(key), Heatmap.made_at.is_not(None))
        .values(made_at=None, due_at=database_time(), attempts=0)
        .execution_options(synchronize_session=False)
    )


def claim_next(session: Session, *, lease_s: float) -> HeatmapClaim | None:
    """Take the heatmap that has waited longest; nobody else does within `lease_s`."""
    row = session.scalar(
        select(Heatmap)
        .join(Job, Job.id == Heatmap.job_id)
        .where(TO_MAKE, Heatmap.due_at <= database_time(), Job.deleted_at.is_(None))
        .order_by(Heatmap.due_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=Heatmap)
    )
    if row is None:
        return None
    row.due_at = database_time(lease_s)
    row.attempts += 1
    session.flush()
    job = session.get_one(Job, row.job_id)
    verdict = session.get_one(Verdict, (row.job_id, row.position))
    (item,) = items.rows_at(session, row.job_id, [row.position])
    return HeatmapClaim(
        key=(row.job_id, row.position, row.face),
        public_id=job.public_id,
        item=SourceItem.from_row(dict(item)),
        sha256=verdict.sha256,
        label=verdict.label or Label.UNCERTAIN,
        faces=verdict.faces,
        model_version=job.model_version.name,
        attempts=row.attempts,
    )


def finish(session: Session, key: Key, *, towards: Label, box: Sequence[int]) -> None:
    """Note that the picture is in storage; retention will look at the job's bytes again."""
    _change(session, key, made_at=database_time(), towards=towards, box=list(box))
    session.execute(
        update(Job)
        .where(Job.id == key[0], Job.uploads_deleted_at.is_not(None))
        .values(uploads_deleted_at=None)
        .execution_options(synchronize_session=False)
    )


def fail(session: Session, key: Key, code: HeatmapCode, error: str) -> None:
    """Note why the heatmap is not made."""
    _change(session, key, failed_at=database_time(), code=code, error=error)


def postpone(session: Session, key: Key, *, delay_s: float) -> None:
    """Give the heatmap back, due after the delay."""
    _change(session, key, due_at=database_time(delay_s))


def count_overdue(session: Session, *, older_than_s: float) -> int:
    """Return how many have been due for longer than that: nobody may have heard their bells."""
    query = select(func.count()).select_from(Heatmap)
    return session.scalars(
        query.where(TO_MAKE, Heatmap.due_at < database_time(-older_than_s))
    ).one()


def _reset(session: Session, key: Key) -> bool:
    done = session.execute(
        update(Heatmap)
        .where(_is(key), Heatmap.failed_at < database_time(-FAILED_FOR_S))
        .values(failed_at=None, code=None, error=None, attempts=0, due_at=database_time())
        .returning(Heatmap.job_id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def _change(session: Session, key: Key, **values: Any) -> None:  # noqa: ANN401 - columns
    session.execute(
        update(Heatmap)
        .where(_is(key), TO_MAKE)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _is(key: Key) -> ColumnElement[bool]:
    job_id, position, face = key
    return and_(Heatmap.job_id == job_id, Heatmap.position == position, Heatmap.face == face)
