"""The client against a small server in memory."""

from pathlib import Path

import httpx
import pytest
from flask import Response

from client import ApiError, Client, ConnectionFailed, Face, Job, UnexpectedAnswer
from client.reading import verdict_from
from tests.unit.client.conftest import FakeServer, job
from tests.unit.client.conftest import verdict as raw_verdict

PROBLEM = (
    '{"title": "Unprocessable", "status": 422, "detail": "The request is not valid.",'
    ' "request_id": "r1", "errors": [{"field": "source.path", "message": "missing"}]}'
)


def refusal(status: int, **headers: str) -> Response:
    """An answer with a problem document."""
    return Response(PROBLEM, status, headers, content_type="application/problem+json")


def test_reads_a_job_and_ignores_fields_it_does_not_know(client: Client) -> None:
    """A field of a newer server does not break an older client."""
    job = client.jobs.get("job_1")
    assert (job.id, job.state, job.counters.ended) == ("job_1", "planning", 3)
    assert job.created_at.tzinfo is not None


def test_asks_for_the_verdicts_that_are_chosen(client: Client, server: FakeServer) -> None:
    """By code and by score; a bound of 0 is one."""
    next(client.jobs.verdicts("job_1", code="poison"))
    next(client.jobs.verdicts("job_1", min_score=0, max_score=0.25))
    assert [path.partition("?")[2] for _, path in server.requests] == [
        "code=poison&limit=1000",
        "min_score=0&max_score=0.25&limit=1000",
    ]


def test_follows_the_cursors_of_verdicts(client: Client, server: FakeServer) -> None:
    """All pages come out as one stream, each fetched with the filters."""
    positions = [verdict.position for verdict in client.jobs.verdicts("job_1", label="fake")]
    assert positions == [0, 1, 2, 3, 4, 5]
    assert all("label=fake" in path for _, path in server.requests)


def test_a_verdict_says_what_was_scored(client: Client) -> None:
    """The faces, where the whole image was not, and its size."""
    verdict = next(client.jobs.verdicts("job_1"))
    assert (verdict.name, verdict.faces, verdict.width, verdict.height) == ("0.png", None, 8, 8)
    given = {"box": [1, 2, 3, 4], "score": 0.9, "detection": 0.8, "reason": None, "new": 1}
    seen = verdict_from({**raw_verdict(0), "faces": [given]})
    assert seen.faces == (Face(box=(1, 2, 3, 4), score=0.9, detection=0.8),)


def test_waits_until_the_job_is_final(client: Client) -> None:
    """Waiting shows each state to the listener and returns the last one."""
    seen = []
    job = client.jobs.wait("job_1", on_progress=lambda job: seen.append(job.state), poll_s=0)
    assert seen == ["planning", "running", "completed"]
    assert job.is_final


def away(request: httpx.Request) -> httpx.Response:
    """Fail as where nothing listens."""
    raise httpx.ConnectError("Connection refused", request=request)


def test_waiting_goes_on_while_the_server_is_away(client: Client, server: FakeServer) -> None:
    """However often it does not answer; whoever waits hears of it."""
    silences: list[float] = []

    def break_down(job: Job) -> None:
        if job.state == "planning":
            server.failures = [refusal(503) for _ in range(20)]

    job = client.jobs.wait("job_1", on_progress=break_down, on_silence=silences.append, poll_s=0)
    assert job.state == "completed"
    assert len(silences) == 20
    assert silences[0] == 0 < silences[-1]


def test_waiting_ends_with_the_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a server that has answered; one that never did gets as many attempts as ever."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    answers = iter([httpx.Response(200, json=job())])

    def answer(request: httpx.Request) -> httpx.Response:
        return next(answers, None) or away(request)

    heard: list[float] = []
    with Client("http://test", transport=httpx.MockTransport(answer), attempts=3) as client:
        with pytest.raises(ConnectionFailed, match="does not answer"):
            client.jobs.wait("job_1", on_silence=heard.append, poll_s=0, patience_s=0.1)
        assert len(heard) > 3
        heard.clear()
        with pytest.raises(ConnectionFailed):
            client.jobs.wait("job_1", on_silence=heard.append, poll_s=0)
        assert len(heard) == 2


def test_waiting_for_a_job_that_is_gone_ends_at_once(client: Client, server: FakeServer) -> None:
    """Only silence is borne."""
    server.failures = [refusal(404)]
    with pytest.raises(ApiError):
        client.jobs.wait("job_1")


def test_submits_a_folder_as_json(client: Client, server: FakeServer) -> None:
    """A folder job names the folder and sends no bytes."""
    assert client.jobs.submit_folder("/data/faces").state == "queued"
    assert server.body == {"source": {"type": "folder", "path": "/data/faces"}}


def test_scan_has_a_verdict_only_when_it_came_in_time(client: Client, tmp_path: Path) -> None:
    """A scan that outlives the wait comes back without a verdict."""
    image = tmp_path / "a.png"
    image.write_bytes(b"x")
    in_time, late = client.scan(image).verdict, client.scan(image, wait_s=1).verdict
    assert in_time is not None
    assert in_time.score == 0.9
    assert late is None


def test_a_scan_says_when_it_wants_the_whole_image(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """Only then does it send options."""
    image = tmp_path / "a.png"
    image.write_bytes(b"x")
    client.scan(image)
    assert server.options == {}
    client.scan(image, faces="off")
    assert server.options == {"faces": "off"}


@pytest.mark.parametrize("status", [429, 502, 503])
def test_get_is_tried_again(client: Client, server: FakeServer, status: int) -> None:
    """What can heal is asked again, for requests that change nothing."""
    server.failures = [refusal(status, **{"Retry-After": "1"}), refusal(status)]
    assert client.jobs.get("job_1").state == "planning"


def test_gives_up_after_the_last_attempt(client: Client, server: FakeServer) -> None:
    """A server that stays unavailable is reported as it answered last."""
    server.failures = [refusal(503) for _ in range(9)]
    with pytest.raises(ApiError) as caught:
        client.jobs.get("job_1")
    assert caught.value.status == 503
    assert len(server.requests) == 6


def test_pauses_as_long_as_the_server_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Retry-After` outranks the growing pauses."""
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    answers = iter([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(503)])
    transport = httpx.MockTransport(
        lambda _request: next(answers, httpx.Response(200, json={"models": []}))
    )
    with Client("http://test", transport=transport) as client:
        assert client.models() == []
    assert pauses[0] == 7
    assert 0 < pauses[1] < 5


@pytest.mark.parametrize("status", [429, 503])
def test_what_was_declined_is_sent_again(client: Client, server: FakeServer, status: int) -> None:
    """Whatever it is: nothing was done."""
    server.failures = [refusal(status, **{"Retry-After": "1"}), refusal(status)]
    assert client.jobs.retry("job_1").state == "queued"
    assert len(server.requests) == 3


def test_what_is_not_to_be_done_twice_is_sent_once(client: Client, server: FakeServer) -> None:
    """Unless it is known that it was not done."""
    server.failures = [refusal(502)]
    with pytest.raises(ApiError):
        client.jobs.retry("job_1")
    assert server.requests == [("POST", "/v1/jobs/job_1/retry")]


def test_what_may_be_done_twice_is_sent_again(client: Client, server: FakeServer) -> None:
    """A job that is being cancelled can be cancelled; one that is gone was deleted."""
    server.failures = [refusal(502)]
    assert client.jobs.cancel("job_1").state == "cancelling"
    server.failures = [refusal(502), refusal(404)]
    client.jobs.delete("job_1")
    assert server.requests[-2:] == [("DELETE", "/v1/jobs/job_1")] * 2


def test_deleting_what_is_not_there_is_an_error(client: Client, server: FakeServer) -> None:
    """Where no earlier try can have deleted it."""
    server.failures = [refusal(503), refusal(404)]
    with pytest.raises(ApiError) as caught:
        client.jobs.delete("job_1")
    assert caught.value.status == 404


def test_a_problem_becomes_an_error_with_its_parts(client: Client, server: FakeServer) -> None:
    """The sentence for a person holds the detail and each fault."""
    server.failures = [refusal(422)]
    with pytest.raises(ApiError, match=r"not valid. \(source.path: missing\)") as caught:
        client.jobs.submit_folder("x")
    assert (caught.value.status, caught.value.request_id) == (422, "r1")
    assert caught.value.errors[0].field == "source.path"


def test_an_error_page_of_a_proxy_is_reported(client: Client, server: FakeServer) -> None:
    """An error that is no problem document still says what was answered."""
    server.failures = [Response("<h1>no</h1>", 404)]
    with pytest.raises(ApiError, match=r"/v1/jobs answered 404 Not Found\."):
        client.jobs.submit_folder("x")


def test_another_server_is_recognised(client: Client, server: FakeServer) -> None:
    """HTML with status 200, or JSON of another shape, is not taken for an answer."""
    server.failures = [Response("<h1>hello</h1>"), Response('{"id": 1}')]
    with pytest.raises(UnexpectedAnswer, match="does not answer as fakesweep does"):
        client.jobs.get("job_1")
    with pytest.raises(UnexpectedAnswer, match="no Counters"):
        client.jobs.get("job_1")


def test_an_absent_server_is_one_sentence() -> None:
    """Nothing listens: the address and what to check are named."""
    with (
        Client("http://127.0.0.1:9", attempts=1) as client,
        pytest.raises(ConnectionFailed, match=r"http://127.0.0.1:9 does not answer"),
    ):
        client.jobs.get("job_1")
    assert not Client("http://127.0.0.1:9").is_ready()


@pytest.mark.parametrize("url", ["localhost:8780", "ftp://x", "", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The address is checked before anything is sent."""
    with pytest.raises(ConnectionFailed, match="write it as http://host:port"):
        Client(url)


def test_lists_jobs_and_says_when_ready(client: Client) -> None:
    """The remaining calls reach their paths."""
    assert [job.id for job in client.jobs.list()] == ["job_1"]
    assert client.jobs.cancel("job_1").state == "cancelling"
    assert client.is_ready()
