"""Jobs scanned and tried again through the database alone; the items at given positions fail."""

from collections.abc import Mapping
from dataclasses import replace

from core.terms import ItemCode, Outcome, ShardState
from db import claims, dispatching, planning, reopening, shards, verdicts
from db.claims import ShardClaim
from db.models import Job, Verdict
from db.planning import PlanClaim
from db.session import Database
from tests.support.rows import claim_shard, failed_verdict, shards_of, verdicts_of

UNDECODABLE = ItemCode.UNDECODABLE


def reopen(database: Database, job_id: int, *codes: ItemCode) -> int:
    """Give the job another try; return how many failed items it is for."""
    with database.write() as session:
        return reopening.reopen(session, session.get_one(Job, job_id), codes=codes)


def plan_claim(database: Database, job_id: int, *, lease_s: float = 60) -> PlanClaim:
    """Take the job for planning, which must be free."""
    with database.write() as session:
        claim = planning.claim(session, job_id, lease_s=lease_s)
        assert claim is not None
        return claim


def plan_failed(
    database: Database, claim: PlanClaim, *, limit: int, shard_size: int = 4, lease_s: float = 60
) -> int:
    """Plan the next failed items anew; return how many there were."""
    with database.write() as session:
        return reopening.plan_failed(
            session, claim, limit=limit, shard_size=shard_size, lease_s=lease_s
        )


def replan(database: Database, job_id: int, *, limit: int = 100) -> int:
    """Plan the failed items to the end; return how many there were."""
    claim = plan_claim(database, job_id)
    count = 0
    while planned := plan_failed(database, claim, limit=limit):
        count += planned
    with database.write() as session:
        planning.finish(session, claim)
    return count


def outcomes(database: Database, job_id: int) -> dict[int, Outcome]:
    """Return how the items of the job ended, by position."""
    with database.read() as session:
        found: list[Verdict] = list(verdicts.page(session, job_id, limit=1000))
    return {verdict.position: verdict.outcome for verdict in found}


def judged(
    claim: ShardClaim, failing: set[int] | Mapping[int, ItemCode]
) -> list[verdicts.NewVerdict]:
    """Return a verdict for each item of the shard; those at the positions failed, by their code."""
    codes = failing if isinstance(failing, Mapping) else dict.fromkeys(failing, UNDECODABLE)
    return [
        replace(failed_verdict(verdict.position), code=codes[verdict.position])
        if verdict.position in codes
        else verdict
        for verdict in verdicts_of(claim)
    ]


def scan_all(
    database: Database, job_id: int, *, failing: set[int] | Mapping[int, ItemCode]
) -> None:
    """Scan what the jobs have left, to the end; items at the positions fail."""
    with database.write() as session:
        dispatching.dispatch(session, job_id, window=4)
        while claim := claims.claim_next(session, worker="test", lease_s=60):
            shards.finish(session, [claim], judged(claim, failing), window=4)


def finish_some(database: Database, job_id: int, positions: set[int], *, failing: set[int]) -> None:
    """Finish only these items of the shard that holds them."""
    for shard in shards_of(database, job_id):
        if shard.state != ShardState.DONE and positions <= set(shard.positions):
            claim = claim_shard(database, shard.id)
            found = [v for v in judged(claim, failing) if v.position in positions]
            with database.write() as session:
                shards.finish_some(session, claim, found, error="Storage is away.", delay_s=0)
            return
    raise AssertionError(f"No shard holds {positions}.")
