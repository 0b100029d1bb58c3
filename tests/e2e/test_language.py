"""The pages in Chinese in a real browser: what servers and scripts say, and the choice."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_accessibility import grave_findings
from tests.e2e.test_pages import JOB_PAGE, image
from tests.support.api import ApiRig
from tests.support.browser import NETWORK

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A browser of a Chinese reader; whatever it complains about, the network aside, fails."""
    context = browser.new_context(base_url=address, locale="zh-CN")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    assert [said for said in complaints if not said.startswith(NETWORK)] == []


def expect_language(page: Page, tag: str) -> None:
    """Expect the page to say which language it is in."""
    expect(page.locator("html")).to_have_attribute("lang", tag)


def test_scripts_speak_the_language_of_the_page(rig: ApiRig, page: Page) -> None:
    """From choosing images to the last verdict of the job, without a reload."""
    page.goto("/")
    expect_language(page, "zh-Hans")
    expect(page.get_by_role("heading", name="这些图片里，哪些是深度伪造？")).to_be_visible()
    page.get_by_label("图片", exact=True).set_input_files([image("fake.png"), image("broken.png")])
    expect(page.get_by_text(re.compile("^2 张图片，.+ 字节$|^2 张图片，.+ KiB$"))).to_be_visible()
    page.get_by_role("button", name="扫描 2 张图片").click()
    expect(page.get_by_text("等待中")).to_be_visible()
    page.get_by_role("link", name="打开任务").click()
    page.wait_for_url(JOB_PAGE)
    found = JOB_PAGE.search(page.url)
    assert found is not None
    rig.worker.plan(found[1], shard_size=1)
    expect(page.get_by_text("扫描中")).to_be_visible()
    for shard_id in rig.worker.waiting(found[1]):
        rig.worker.finish(shard_id)
    expect(page.get_by_text("已完成")).to_be_visible()
    verdicts = page.locator("#verdicts tbody")
    expect(verdicts.get_by_text("伪造")).to_be_visible()
    expect(verdicts.get_by_text("无法读取的图片")).to_be_visible()
    expect(page.get_by_role("button", name="重试失败项")).to_be_visible()
    assert grave_findings(page) == []


def test_what_scripts_refuse_is_told_in_chinese(page: Page) -> None:
    """What the API says beside it is marked as English."""
    page.goto("/")
    page.get_by_label("或粘贴 URL").fill("ftp://example.org/b.png")
    page.get_by_role("button", name="扫描 URL").click()
    said = page.locator("#urls-trouble")
    expect(said).to_contain_text("没有扫描任何图片。第 1 个，ftp://example.org/b.png：")
    page.route("**/v1/jobs", lambda route: route.abort())
    page.get_by_role("button", name="扫描 URL").click()
    expect(said).to_have_text("服务器没有响应。URL 仍保留在此处，请稍后再试。")
    page.get_by_label("图片", exact=True).set_input_files([image("a.png"), image("notes.png")])
    page.get_by_role("button", name="扫描 2 张图片").click()
    expect(page.get_by_text("上传中断。")).to_be_visible()


def test_the_choice_stays_from_page_to_page(rig: ApiRig, page: Page) -> None:
    """And is made where one is: the query stays, with what scripts have written into it."""
    page.goto("/jobs?state=failed")
    expect_language(page, "zh-Hans")
    page.get_by_role("button", name="English").click()
    expect_language(page, "en")
    expect(page).to_have_url(re.compile(r"/jobs\?state=failed$"))
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    page.get_by_role("link", name="Models").click()
    expect_language(page, "en")
    page.get_by_role("link", name="Scan", exact=True).click()
    page.get_by_label("Images", exact=True).set_input_files([image("a.png"), image("b.png")])
    page.get_by_role("button", name="Scan 2 images").click()
    section = page.locator("[data-job]")
    expect(section).to_have_count(1)
    job_id = section.get_attribute("data-job") or ""
    page.get_by_role("button", name="中文").click()
    expect_language(page, "zh-Hans")
    expect(page.locator(f"[data-job={job_id}]").get_by_text("等待中")).to_be_visible()
    page.reload()
    expect_language(page, "zh-Hans")
    assert rig.client.get(f"/v1/jobs/{job_id}").json["state"] == "queued"


def test_the_choice_is_made_without_javascript(browser: Browser, address: str) -> None:
    """It is a form."""
    context = browser.new_context(base_url=address, java_script_enabled=False, locale="en-US")
    page = context.new_page()
    page.goto("/jobs")
    page.get_by_role("button", name="中文").click()
    expect_language(page, "zh-Hans")
    expect(page).to_have_url(re.compile("/jobs$"))
    context.close()


def test_times_and_numbers_are_the_readers(rig: ApiRig, page: Page) -> None:
    """As the page's language writes them, in the reader's own zone."""
    page.goto("/")
    rig.client.post("/v1/jobs", json={"source": {"type": "urls", "urls": ["https://a.org/a.png"]}})
    page.goto("/jobs")
    expect(page.locator("time").first).to_have_text(
        re.compile(r"^\d{4}年\d{1,2}月\d{1,2}日 \d\d:\d\d$")
    )
    page.get_by_role("button", name="English").click()
    expect(page.locator("time").first).not_to_have_text(CHINESE)


@pytest.mark.parametrize("path", ["/", "/jobs", "/models", "/models/tiny-1", "/system", "/nothing"])
def test_pages_in_chinese_fit_a_phone(browser: Browser, address: str, path: str) -> None:
    """Nothing has to be moved sideways, and axe-core finds nothing."""
    context = browser.new_context(
        base_url=address, locale="zh-CN", viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto(path)
    expect_language(page, "zh-Hans")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert grave_findings(page) == []
    context.close()
