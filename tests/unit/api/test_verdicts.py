"""Reading verdicts over HTTP."""

import pytest

from tests.support.api import ApiRig, part

NAMES = ["fake.png", "b.png", "broken.png", "tree.png", "unsure.png", "fake-2.png", "lost.png"]


@pytest.fixture
def job_path(rig: ApiRig) -> str:
    """The path of a finished job with a verdict of every kind."""
    answer = rig.client.post("/v1/jobs", data={"files": [part(name) for name in NAMES]})
    rig.worker.run(answer.json["id"], shard_size=2)
    return f"/v1/jobs/{answer.json['id']}"


def names(rig: ApiRig, path: str) -> list[str]:
    """Return the names on one page of verdicts."""
    return [verdict["name"] for verdict in rig.client.get(path).json["verdicts"]]


def test_verdicts_come_in_submission_order_page_by_page(rig: ApiRig, job_path: str) -> None:
    """Following the cursors gives every verdict once; the last page has no cursor."""
    seen, cursor = [], ""
    while cursor is not None:
        page = rig.client.get(f"{job_path}/verdicts?limit=4{cursor}").json
        seen += [verdict["name"] for verdict in page["verdicts"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == NAMES


def test_a_full_last_page_has_no_cursor(rig: ApiRig, job_path: str) -> None:
    """A client is not sent to an empty page."""
    assert rig.client.get(f"{job_path}/verdicts?limit=7").json["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("label=fake", ["fake.png", "fake-2.png"]),
        ("label=uncertain", ["unsure.png"]),
        ("outcome=failed", ["broken.png", "lost.png"]),
        ("code=fetch_failed", ["lost.png"]),
        ("min_score=0.52", ["fake.png", "unsure.png", "fake-2.png"]),
        ("max_score=0.52", ["b.png", "unsure.png"]),
        ("min_score=0.03&max_score=0.03", ["b.png"]),
        ("min_score=0&max_score=1", ["fake.png", "b.png", "unsure.png", "fake-2.png"]),
        ("min_score=0.1&max_score=0.2", []),
        ("min_score=0.5&label=fake&limit=1", ["fake.png"]),
        ("min_score=0&outcome=failed", []),
        ("code=no_face&outcome=not_applicable", ["tree.png"]),
        ("code=no_face&outcome=failed", []),
        ("outcome=not_applicable", ["tree.png"]),
        ("outcome=scored&label=real", ["b.png"]),
        ("label=fake&outcome=failed", []),
        ("label=fake&limit=1", ["fake.png"]),
    ],
)
def test_verdicts_are_filtered(rig: ApiRig, job_path: str, query: str, found: list[str]) -> None:
    """By label, outcome, code, score, or several of them; the bounds of the score belong to it."""
    assert names(rig, f"{job_path}/verdicts?{query}") == found


def test_the_pages_of_a_range_of_scores_follow_each_other(rig: ApiRig, job_path: str) -> None:
    """Every verdict of it once, in submission order."""
    path = f"{job_path}/verdicts?min_score=0.5&limit=1"
    seen, cursor = [], ""
    while cursor is not None:
        page = rig.client.get(f"{path}{cursor}").json
        seen += [verdict["name"] for verdict in page["verdicts"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == ["fake.png", "unsure.png", "fake-2.png"]


def test_a_crossed_range_is_refused_in_a_sentence(rig: ApiRig, job_path: str) -> None:
    """It names both bounds."""
    answer = rig.client.get(f"{job_path}/verdicts?min_score=0.7&max_score=0.6")
    (fault,) = answer.json["errors"]
    assert (answer.status_code, fault["field"]) == (422, "max_score")
    assert fault["message"].endswith("No score is at least 0.7 and at most 0.6.")


def test_a_verdict_without_a_score_says_why(rig: ApiRig, job_path: str) -> None:
    """The code for programs, the sentence for people."""
    [verdict] = rig.client.get(f"{job_path}/verdicts?code=undecodable").json["verdicts"]
    assert (verdict["code"], verdict["score"], verdict["label"]) == ("undecodable", None, None)
    assert verdict["message"].endswith(".")


def test_a_scored_verdict_is_whole(rig: ApiRig, job_path: str) -> None:
    """Everything that the row knows is shown, the hash as hexadecimal."""
    verdict = rig.client.get(f"{job_path}/verdicts?limit=1").json["verdicts"][0]
    assert verdict["sha256"] == "0" * 64
    assert (verdict["width"], verdict["model_version"], verdict["reused"]) == (256, "tiny-1", False)
    assert verdict["created_at"].endswith("Z")


def test_faces_are_told_with_their_scores(rig: ApiRig) -> None:
    """The box in pixels, the score or why there is none; null where none were looked for."""
    answer = rig.client.post("/v1/jobs", data={"files": [part("fake-group.png"), part("b.png")]})
    rig.worker.run(answer.json["id"])
    group, whole = rig.client.get(f"/v1/jobs/{answer.json['id']}/verdicts").json["verdicts"]
    assert group["faces"] == [
        {"box": [10, 20, 110, 140], "score": 0.97, "detection": 0.9, "reason": None},
        {"box": [5, 5, 15, 20], "score": None, "detection": 0.6, "reason": "face_too_small"},
    ]
    assert whole["faces"] is None


@pytest.mark.parametrize(
    "query",
    [
        *("label=false", "outcome=x", "code=x", "limit=a", "cursor=e30"),
        *("min_score=-0.1", "max_score=1.1", "min_score=nan", "max_score=inf", "min_score=x"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(rig: ApiRig, job_path: str, query: str) -> None:
    """The problem names the parameter."""
    answer = rig.client.get(f"{job_path}/verdicts?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == query.partition("=")[0]
