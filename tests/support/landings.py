"""Shards that end one by one, each as the next landing of its job."""

from sqlalchemy import select

from db import jobs
from db.models import Shard
from tests.support.api import ApiRig


def land(rig: ApiRig, public_id: str, *shards: int) -> None:
    """End the shards, given by their places in the job, in this order."""
    with rig.database.read() as session:
        job_id = jobs.get(session, public_id).id
        of_job = select(Shard.id).where(Shard.job_id == job_id).order_by(Shard.id)
        shard_ids = session.scalars(of_job).all()
    for shard in shards:
        rig.worker.finish(shard_ids[shard])
