"""Another try: failed items only, whatever their shards have been through."""

from itertools import chain

import pytest

from core.errors import ConflictError
from core.sources import SourceItem
from core.terms import ItemCode, JobState, ShardState
from db import endings, jobs, planning, reopening, shards
from db.clock import database_time
from db.models import Job
from db.session import Database
from tests.support.rows import (
    add_champion,
    add_job,
    add_planned_job,
    claim_shard,
    failed_verdict,
    get_job,
    shards_of,
)
from tests.support.scanning import (
    finish_some,
    outcomes,
    plan_claim,
    plan_failed,
    reopen,
    replan,
    scan_all,
)

LOST, BROKEN, POISON = ItemCode.FETCH_FAILED, ItemCode.UNDECODABLE, ItemCode.POISON
FAILING = {1: LOST, 2: BROKEN, 6: LOST, 7: POISON, 9: BROKEN}


def test_only_failed_items_are_tried_again(database: Database) -> None:
    """The others keep their verdicts; those that fail no more are counted as what they are now."""
    job_id = add_planned_job(database, items=12)
    scan_all(database, job_id, failing={1, 2, 9})
    reopen(database, job_id)
    assert replan(database, job_id) == 3
    assert _waiting(database, job_id) == [[1, 2, 9]]
    assert sorted(outcomes(database, job_id)) == [0, 3, 4, 5, 6, 7, 8, 10, 11]
    scan_all(database, job_id, failing={9})
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed, job.real) == (JobState.COMPLETED, 11, 1, 11)


def test_a_job_that_was_found_by_its_id_is_reopened(database: Database) -> None:
    """As the API does it: the job comes with its notes, and is locked alone."""
    job_id = add_planned_job(database, items=4)
    scan_all(database, job_id, failing={1})
    public_id = get_job(database, job_id).public_id
    with database.write() as session:
        reopening.reopen(session, jobs.get(session, public_id))
    assert get_job(database, job_id).state is JobState.QUEUED


def test_items_keep_their_names_and_ids(database: Database) -> None:
    """A tried item is the same one: name, custom id and position."""
    version = add_champion(database)
    job_id = add_job(database, model_version_id=version)
    items = [SourceItem(uri=f"file:///{i}", name=f"{i}", custom_id=f"c{i}") for i in range(6)]
    with database.write() as session:
        claim = planning.claim(session, job_id, lease_s=60)
        assert claim is not None
        planning.write_shards(session, claim, first_position=0, shards=[items], lease_s=60)
        planning.finish(session, claim)
    scan_all(database, job_id, failing={2, 5})
    reopen(database, job_id)
    replan(database, job_id)
    (shard,) = [shard for shard in shards_of(database, job_id) if shard.state != ShardState.DONE]
    claim = claim_shard(database, shard.id)
    assert claim.positions == (2, 5)
    assert claim.items == (items[2], items[5])


def test_a_retry_of_a_retry(database: Database) -> None:
    """What fails again can be tried again, as often as wanted; landings go on counting."""
    job_id = add_planned_job(database, items=8)
    scan_all(database, job_id, failing=set(range(8)))
    for tries in range(1, 4):
        reopen(database, job_id)
        assert replan(database, job_id) == 8 - 2 * (tries - 1)
        scan_all(database, job_id, failing=set(range(2 * tries, 8)))
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed, job.round) == (JobState.COMPLETED, 6, 2, 3)
    landings = sorted(shard.landing or 0 for shard in shards_of(database, job_id))
    assert landings == list(range(1, job.landed + 1))


def test_items_are_found_after_their_shards_were_torn_apart(database: Database) -> None:
    """Shards finished in parts leave positions that are no neighbours: every item is found."""
    job_id = add_planned_job(database, items=8, shard_size=8)
    finish_some(database, job_id, {0, 3, 6}, failing={3, 6})
    finish_some(database, job_id, {2, 7}, failing={2, 7})
    scan_all(database, job_id, failing={1})
    reopen(database, job_id)
    assert replan(database, job_id, limit=2) == 5
    assert sorted(chain.from_iterable(_waiting(database, job_id))) == [1, 2, 3, 6, 7]


def test_a_planner_that_dies_between_two_batches_is_taken_up(database: Database) -> None:
    """Every item has a verdict or a shard at any time; none is planned twice in a round.

    The first batch has failed again, in parts, before the second planner comes.
    """
    job_id = add_planned_job(database, items=12, shard_size=6)
    scan_all(database, job_id, failing=set(range(12)))
    reopen(database, job_id)
    dead = plan_claim(database, job_id)
    assert plan_failed(database, dead, limit=6, shard_size=6, lease_s=-1) == 6
    assert len(outcomes(database, job_id)) == 6
    finish_some(database, job_id, {0, 5}, failing={0, 5})
    assert replan(database, job_id, limit=6) == 6
    assert plan_failed(database, dead, limit=6) == 0
    assert sorted(chain.from_iterable(_waiting(database, job_id))) == [1, 2, 3, 4, *range(6, 12)]


def test_a_job_that_was_listed_in_part_goes_on(database: Database) -> None:
    """After its listing failed, a retry takes it up where it stopped, failed items first."""
    job_id = add_job(database, model_version_id=add_champion(database))
    items = [SourceItem(uri=f"file:///{i}", name=str(i)) for i in range(4)]
    claim = plan_claim(database, job_id)
    with database.write() as session:
        planning.write_shards(session, claim, first_position=0, shards=[items], lease_s=60)
    scan_all(database, job_id, failing={3})
    with database.write() as session:
        endings.stop(session, job_id, ending=JobState.FAILED, error="The bucket is gone.")
    reopen(database, job_id)
    again = plan_claim(database, job_id)
    assert (again.planned, again.is_source_listed) == (4, False)
    assert plan_failed(database, again, limit=10) == 1
    assert sorted(outcomes(database, job_id)) == [0, 1, 2]
    with database.write() as session:
        planning.write_shards(session, again, first_position=4, shards=[items], lease_s=60)
        planning.finish(session, again)
    scan_all(database, job_id, failing=set())
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed) == (JobState.COMPLETED, 8, 0)


def test_what_fails_anew_is_not_tried_again_by_the_same_retry(database: Database) -> None:
    """A planner that takes over behind the failed items leaves those alone that failed since."""
    job_id = add_job(database, model_version_id=add_champion(database))
    items = [SourceItem(uri=f"file:///{i}", name=str(i)) for i in range(4)]
    claim = plan_claim(database, job_id)
    with database.write() as session:
        planning.write_shards(session, claim, first_position=0, shards=[items], lease_s=60)
    scan_all(database, job_id, failing={3})
    with database.write() as session:
        endings.stop(session, job_id, ending=JobState.FAILED, error="The bucket is gone.")
    reopen(database, job_id)
    dead = plan_claim(database, job_id, lease_s=-1)
    assert [plan_failed(database, dead, limit=10, lease_s=-1) for _ in range(2)] == [1, 0]
    with database.write() as session:
        assert planning.write_shards(session, dead, first_position=4, shards=[items], lease_s=-1)
    scan_all(database, job_id, failing={3, 5})
    again = plan_claim(database, job_id)
    assert plan_failed(database, again, limit=10) == 0
    assert get_job(database, job_id).failed == 2


def test_a_job_stopped_by_its_failures_scans_what_it_left_too(database: Database) -> None:
    """Failed items and those that were never scanned are done by the retry."""
    job_id = add_planned_job(database, items=12, max_failure_ratio=0.1)
    first = claim_shard(database, shards_of(database, job_id)[0].id)
    with database.write() as session:
        shards.finish(session, [first], [failed_verdict(p) for p in first.positions], window=4)
    stopped = get_job(database, job_id)
    assert (stopped.state, stopped.ended) == (JobState.FAILED, 4)
    reopen(database, job_id)
    assert replan(database, job_id) == 4
    scan_all(database, job_id, failing=set())
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed, job.error) == (JobState.COMPLETED, 12, 0, None)


@pytest.mark.parametrize(
    ("ending", "sentence"),
    [
        (JobState.CANCELLED, "The job is cancelled; only one that is completed or failed"),
        (JobState.EXPIRED, "The job is expired; only one that is completed or failed"),
        (None, "The job is running; only one that is completed or failed"),
    ],
)
def test_a_job_that_cannot_be_retried_is_a_conflict(
    database: Database, ending: JobState | None, sentence: str
) -> None:
    """Whoever asks is told how the job stands."""
    job_id = add_planned_job(database, items=4)
    if ending:
        with database.write() as session:
            endings.stop(session, job_id, ending=ending)
    with pytest.raises(ConflictError, match=sentence):
        reopen(database, job_id)


def test_a_job_whose_uploads_were_deleted_cannot_be_retried(database: Database) -> None:
    """Its items could only fail again; a folder's images are not ours, and may still be there."""
    job_id = add_planned_job(database, items=2)
    scan_all(database, job_id, failing={1})
    for source, is_refused in (("files", True), ("folder", False)):
        with database.write() as session:
            job = session.get_one(Job, job_id)
            job.source, job.uploads_deleted_at = {"type": source}, database_time()
        if is_refused:
            with pytest.raises(ConflictError, match="have been deleted"):
                reopen(database, job_id)
        else:
            reopen(database, job_id)


def test_a_manifest_that_was_deleted_is_fetched_again(database: Database) -> None:
    """The copy went with the job's other bytes; a list that was read to its end is not needed."""
    for is_listed in (False, True):
        job_id = add_planned_job(database, items=2)
        scan_all(database, job_id, failing={1})
        with database.write() as session:
            job = session.get_one(Job, job_id)
            uri = "https://example.com/list.csv"
            job.source = {"type": "manifest", "uri": uri, "name": "list.csv", "format": "csv"}
            job.uploads_deleted_at, job.is_source_listed = database_time(), is_listed
        reopen(database, job_id)
        assert get_job(database, job_id).to_fetch is not is_listed


def test_a_job_without_failures_has_nothing_to_retry(database: Database) -> None:
    """A job whose items are all scanned stays as it is."""
    job_id = add_planned_job(database, items=4)
    scan_all(database, job_id, failing=set())
    with pytest.raises(ConflictError, match="nothing to retry"):
        reopen(database, job_id)
    assert get_job(database, job_id).state is JobState.COMPLETED


@pytest.mark.parametrize(
    ("codes", "positions"), [((LOST,), [1, 6]), ((LOST, POISON), [1, 6, 7]), ((), [1, 2, 6, 7, 9])]
)
def test_failed_items_are_chosen_by_their_codes(
    database: Database, codes: tuple[ItemCode, ...], positions: list[int]
) -> None:
    """The others keep their verdicts and stay counted as failed; the job ends again."""
    job_id = add_planned_job(database, items=12)
    scan_all(database, job_id, failing=FAILING)
    assert reopen(database, job_id, *codes) == len(positions)
    assert replan(database, job_id, limit=2) == len(positions)
    assert sorted(chain.from_iterable(_waiting(database, job_id))) == positions
    left = FAILING.keys() - set(positions)
    assert {at for at, one in outcomes(database, job_id).items() if one == "failed"} == left
    assert get_job(database, job_id).failed == len(left)
    scan_all(database, job_id, failing=set())
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed) == (JobState.COMPLETED, 12 - len(left), len(left))
    assert len(outcomes(database, job_id)) == 12


def test_what_is_left_out_of_a_retry_can_be_retried_later(database: Database) -> None:
    """Each retry chooses anew; one without codes takes all that are left."""
    job_id = add_planned_job(database, items=12)
    scan_all(database, job_id, failing=FAILING)
    for codes, count in (((LOST,), 2), ((POISON,), 1), ((), 2)):
        assert reopen(database, job_id, *codes) == count
        assert replan(database, job_id) == count
        scan_all(database, job_id, failing=set())
    assert (get_job(database, job_id).scored, get_job(database, job_id).round) == (12, 3)


def test_a_planner_that_takes_over_keeps_to_the_codes(database: Database) -> None:
    """Also behind an item of a code that is not retried."""
    job_id = add_planned_job(database, items=12)
    scan_all(database, job_id, failing=FAILING)
    reopen(database, job_id, BROKEN)
    dead = plan_claim(database, job_id)
    assert plan_failed(database, dead, limit=1, lease_s=-1) == 1
    assert replan(database, job_id) == 1
    assert sorted(chain.from_iterable(_waiting(database, job_id))) == [2, 9]


def test_a_code_that_no_failed_item_has_is_a_conflict(database: Database) -> None:
    """Also one of items that are not applicable; the job stays as it is."""
    job_id = add_planned_job(database, items=12)
    scan_all(database, job_id, failing=FAILING)
    for codes in ((ItemCode.TOO_LARGE,), (ItemCode.NO_FACE, ItemCode.TOO_LARGE)):
        with pytest.raises(ConflictError, match="No failed item of the job has the code"):
            reopen(database, job_id, *codes)
    job = get_job(database, job_id)
    assert (job.state, job.round) == (JobState.COMPLETED, 0)


def test_a_retry_that_would_end_at_once_is_refused(database: Database) -> None:
    """The failed items that it leaves are more than the job allows: its others would be lost."""
    job_id = add_planned_job(database, items=12, shard_size=12, max_failure_ratio=0.2)
    scan_all(database, job_id, failing=FAILING)
    assert get_job(database, job_id).state is JobState.FAILED
    with pytest.raises(ConflictError, match="The 3 failed items that have other codes are more"):
        reopen(database, job_id, LOST)
    assert reopen(database, job_id, LOST, BROKEN) == 4
    assert replan(database, job_id) == 4
    scan_all(database, job_id, failing=set())
    assert get_job(database, job_id).state is JobState.COMPLETED


def _waiting(database: Database, job_id: int) -> list[list[int]]:
    found = [shard for shard in shards_of(database, job_id) if shard.state != ShardState.DONE]
    return [shard.positions for shard in found]
