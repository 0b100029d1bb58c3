"""The language of the pages: who gets which, how it is chosen, and what the API keeps to."""

from typing import Any

import pytest

from api.pages.language import LANGUAGES
from api.pages.numbers import clock, number, share
from api.pages.progress import pace
from api.pages.script_words import WORDS, script_words
from api.pages.words import FILE_WORDS, STATES
from api.schemas import JobView
from core.terms import JobState
from detector.metadata import SAID, SAID_OF_THE_SHOT
from tests.support.api import Answer, ApiRig, part
from tests.unit.api.test_pages import FORM, upload

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}


def choose(rig_client: Any, tag: str, **options: Any) -> Answer:  # noqa: ANN401 - Werkzeug's
    """Send the form that chooses a language."""
    data = {"language": tag, "next": options.pop("next", "/jobs")}
    return rig_client.post("/language", data=data, **options)


@pytest.mark.parametrize(
    ("asked", "tag"),
    [
        (None, "en"),
        ("*", "en"),
        ("fr-CH, fr;q=0.9", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr,en;q=0.5,zh;q=0.4", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-Hans-SG", "zh-Hans"),
        ("ZH", "zh-Hans"),
        ("fr,zh;q=0.5,en;q=0.4", "zh-Hans"),
        ("zh;q=0,en;q=0.1", "en"),
    ],
)
def test_the_browser_asks_for_a_language(rig: ApiRig, asked: str | None, tag: str) -> None:
    """The first of its languages that there is; English where there is none of them."""
    answer = rig.client.get("/jobs", headers={"Accept-Language": asked} if asked else {})
    assert f'<html lang="{tag}">' in answer.text
    assert answer.headers["Content-Language"] == tag
    assert ("还没有任务" in answer.text) == (tag == "zh-Hans")


def test_the_choice_stays(rig: ApiRig) -> None:
    """In a cookie, whatever the browser asks for; and leads back to the page."""
    client = rig.client
    answer = choose(client, "zh-Hans")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs")
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name == "fakesweep_language=zh-Hans"
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"} <= set(attributes)
    assert '<html lang="zh-Hans">' in client.get("/", headers={"Accept-Language": "en"}).text
    choose(client, "en")
    assert '<html lang="en">' in client.get("/", headers=CHINESE).text


def test_the_form_leads_back_to_the_query_as_well(rig: ApiRig) -> None:
    """As the browser tells it: the scan page's scripts write the jobs that it shows into it."""
    seen = {"Referer": "http://localhost/?job=1&job=2"}
    assert choose(rig.client, "en", next="/", headers=seen).headers["Location"] == "/?job=1&job=2"
    assert choose(rig.client, "en", next="/jobs", headers=seen).headers["Location"] == "/jobs"


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/", "/\\evil.example", ""])
def test_the_form_leads_nowhere_else(rig: ApiRig, path: str) -> None:
    """Not to another site, whatever the form or the referrer says."""
    seen = {"Referer": f"https://evil.example{path}?a"}
    assert choose(rig.client, "en", next=path, headers=seen).headers["Location"] == "/"


def test_a_language_that_there_is_not_is_refused(rig: ApiRig) -> None:
    """Before anything is kept."""
    answer = choose(rig.client, "de", headers=FORM)
    assert answer.status_code == 422
    assert "`zh-Hans`" in answer.text
    assert "Set-Cookie" not in answer.headers
    client = rig.client
    client.get("/", headers={"Cookie": "fakesweep_language=de"})
    assert client.get("/", headers={"Cookie": "fakesweep_language=de"}).status_code == 200


def test_strangers_choose_too(guarded_rig: ApiRig) -> None:
    """The sign-in form is theirs to read."""
    client = guarded_rig.client
    assert choose(client, "zh-Hans", next="/sign-in").headers["Location"] == "/sign-in"
    assert "API 密钥" in client.get("/sign-in").text


def test_other_sites_choose_nothing(rig: ApiRig) -> None:
    """As with every form."""
    assert choose(rig.client, "en", headers={"Origin": "https://evil.example"}).status_code == 403


def test_caches_hear_that_pages_differ(rig: ApiRig) -> None:
    """By the cookie and by what the browser asks for; scripts and JSON do not."""
    answer = rig.client.get("/jobs")
    assert {"Accept-Language", "Cookie"} <= {
        one.strip() for one in answer.headers["Vary"].split(",")
    }
    for path in ("/static/words.js", "/v1/jobs", "/openapi.json"):
        answer = rig.client.get(path, headers=CHINESE)
        assert "Content-Language" not in answer.headers
        assert "Accept-Language" not in answer.headers.get("Vary", "")


def test_the_api_speaks_english(rig: ApiRig) -> None:
    """Whatever it is asked for, and whoever asks."""
    client = rig.client
    choose(client, "zh-Hans")
    answer = client.get("/v1/jobs/job_" + "0" * 32, headers=CHINESE)
    assert answer.json["title"] == "Not Found"
    assert answer.text.isascii()


def test_a_problem_is_told_in_both(rig: ApiRig) -> None:
    """The page's sentence in the reader's language, and the API's, marked as English."""
    page = rig.client.get("/nothing", headers={**FORM, **CHINESE}).text
    assert "<h1>未找到</h1>" in page
    assert "这个地址没有内容" in page
    assert '<p class="muted" lang="en">There is nothing at /nothing; check the address.</p>' in page
    english = rig.client.get("/nothing", headers=FORM).text
    assert "<p>There is nothing at /nothing; check the address.</p>" in english
    assert "There is nothing at this address" not in english


def test_what_a_page_says_itself_is_said_once(rig: ApiRig) -> None:
    """With nothing in English beside it."""
    page = rig.client.get("/jobs?find=a", headers={**FORM, **CHINESE})
    assert page.status_code == 422
    assert "请输入任务 ID" in page.text
    assert 'lang="en">' not in page.text.partition("<main")[2].partition("</main>")[0]


def test_a_job_is_told_in_chinese(rig: ApiRig) -> None:
    """States, kinds, codes, counts and times; the names are what they are."""
    public_id = upload(rig, "fake-group.png", "broken.png", "tree.png", "b.png")
    rig.worker.run(public_id)
    page = rig.client.get(f"/jobs/{public_id}", headers=CHINESE).text
    for said in (
        "4 张图片",
        "已完成",
        "伪造",
        "无法读取的图片",
        "未发现人脸",
        "2 张人脸",
        "重试失败项",
    ):
        assert said in page
    assert "fake-group.png" in page
    assert "Completed" not in page


def test_words_wait_for_their_reader(rig: ApiRig) -> None:
    """The same word is another one in each request, and English outside of them."""
    word = STATES[JobState.RUNNING]
    assert str(word) == "Scanning"
    with rig.app.test_request_context("/", headers=CHINESE):
        assert str(word) == "扫描中"
        assert number(12345) == "12,345"
        assert share(0.123) == "12.3%"
        job = JobView.model_construct(rate=1234.5, eta_s=600.0)
        assert pace(job) == "每秒 1,234 张图片，剩余约 10 分钟"
    with rig.app.test_request_context("/"):
        assert str(word) == "Scanning"
        assert share(0.123) == "12.3 %"


def test_no_page_keeps_the_words_of_its_first_reader(rig: ApiRig) -> None:
    """Templates are compiled once, for readers of all languages."""
    paths = (
        "/",
        "/jobs",
        "/models",
        "/models/tiny-1",
        "/models/tiny-1/promote",
        "/system",
        "/docs",
    )
    for path in paths:
        first = rig.client.get(path).text
        chinese = rig.client.get(path, headers=CHINESE).text
        assert "任务</a>" in chinese
        assert "任务" not in first
        assert rig.client.get(path).text.isascii() == first.isascii()
        assert "Jobs</a>" in rig.client.get(path).text


def test_times_are_written_as_the_language_does(rig: ApiRig) -> None:
    """In UTC, and they say so."""
    public_id = upload(rig, "a.png")
    created_at = JobView.model_validate(rig.client.get(f"/v1/jobs/{public_id}").json).created_at
    with rig.app.test_request_context("/", headers=CHINESE):
        assert clock(created_at).startswith(f"{created_at.year}年{created_at.month}月")
        assert clock(created_at).endswith(" UTC")


def test_scripts_get_their_words(rig: ApiRig) -> None:
    """In the language of the page, those that depend on a number in each of its forms."""
    with rig.app.test_request_context("/"):
        assert script_words("upload")["images"] == {
            "one": "%(count)s image",
            "other": "%(count)s images",
        }
    with rig.app.test_request_context("/", headers=CHINESE):
        words = script_words(*WORDS)
        assert words["images"] == {"one": "%(count)s 张图片", "other": "%(count)s 张图片"}
        assert words["job_deleted"] == "任务已删除。"
    assert len(words) == sum(map(len, WORDS.values()))  # no two scripts mean different things


def test_what_a_file_says_of_itself_has_words() -> None:
    """Everything that is read of it."""
    assert FILE_WORDS.keys() == {*SAID, *SAID_OF_THE_SHOT, "Position"}


def test_each_language_is_offered_in_itself(rig: ApiRig) -> None:
    """On every page, with the one that it is in."""
    page = rig.client.get("/", headers=CHINESE).text
    for tag, (_, name) in LANGUAGES.items():
        assert f'value="{tag}" lang="{tag}"' in page
        assert name in page
    assert page.count("aria-current") >= 2


def test_a_form_of_the_pages_answers_in_chinese(rig: ApiRig) -> None:
    """A refused URL by its number, with the API's reason."""
    data = {"urls": "https://example.org/a.png\nftp://example.org/b.png"}
    page = rig.client.post("/jobs", data=data, headers={**FORM, **CHINESE}).text
    assert "没有扫描任何图片。第 2 个，ftp://example.org/b.png：" in page
    empty = rig.client.post("/jobs", data={"urls": " "}, headers={**FORM, **CHINESE}).text
    assert "请至少粘贴一个 URL" in empty
    strange = rig.client.post("/jobs", data={"files": part("", b"")}, headers={**FORM, **CHINESE})
    assert "填写的内容无效" in strange.text
