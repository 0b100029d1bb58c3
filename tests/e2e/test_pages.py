"""The web pages in a real browser: handing images in, watching a job, reading its verdicts."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from sqlalchemy import delete

from db.models import ModelAlias
from tests.support.api import ApiRig, png

JOB_PAGE = re.compile(r"/jobs/(job_[0-9a-f]{32})$")
HOSTILE = "<img src=x onerror=alert(1)> fake.png"


@pytest.fixture
def page(page: Page) -> Page:
    """The start page."""
    page.goto("/")
    return page


def image(name: str) -> FilePayload:
    """Return a drawn image as a file that a person chooses."""
    return FilePayload(name=name, mimeType="image/png", buffer=png())


def hand_in(page: Page, *names: str) -> str:
    """Choose drawn images on the scan page, hand them in, and go to the job's page."""
    page.get_by_label("Images").set_input_files([image(name) for name in names])
    page.get_by_role("button", name=re.compile(r"^Scan( [\d,]+ images?)?$")).click()
    if page.locator("html.js").count():  # otherwise the form has led there
        page.get_by_role("link", name="Open the job").click()
    page.wait_for_url(JOB_PAGE)
    found = JOB_PAGE.search(page.url)
    assert found is not None
    return found[1]


def rows(page: Page) -> list[str]:
    """Return the names in the table of verdicts."""
    return page.locator("#verdicts tbody td.name").all_inner_texts()


def test_verdicts_appear_while_the_job_runs(rig: ApiRig, page: Page) -> None:
    """Without a reload: the counts, the bar, the rows, and the state at the end."""
    public_id = hand_in(page, HOSTILE, "b.png", "broken.png")
    expect(page.get_by_text("Waiting")).to_be_visible()
    rig.worker.plan(public_id, shard_size=1)
    expect(page.get_by_text("Scanning")).to_be_visible()
    first, *others = rig.worker.waiting(public_id)
    rig.worker.finish(others[0])
    expect(page.locator("#verdicts tbody tr")).to_have_count(1)
    rig.worker.finish(first)
    expect(page.locator("#verdicts tbody tr")).to_have_count(2)
    assert rows(page) == [HOSTILE, "b.png"]
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "66")
    rig.worker.finish(others[1])
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.locator("#verdicts").get_by_text("Not a readable image")).to_be_visible()
    expect(page.get_by_text("0.970")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel job")).to_be_hidden()
    expect(page.get_by_role("link", name="1 Fake")).to_be_visible()


def test_what_javascript_shows_is_what_the_server_renders(rig: ApiRig, page: Page) -> None:
    """A reload of the ended job changes nothing in the table."""
    names = ("fake.png", "tree.png", "broken.png", "unsure.png", "group.png")
    public_id = hand_in(page, *names)
    rig.worker.run(public_id)
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.locator("#verdicts tbody tr")).to_have_count(5)
    live = page.locator("#verdicts").inner_text()
    assert "Not a readable image" in live
    assert "2 faces" in live
    page.reload()
    assert page.locator("#verdicts").inner_text() == live


def test_verdicts_are_filtered_and_paged(rig: ApiRig, page: Page) -> None:
    """The counts are the filters; the next page keeps the filter."""
    public_id = hand_in(page, *(f"{'fake' if i % 2 else 'b'}-{i:03d}.png" for i in range(110)))
    rig.worker.run(public_id)
    expect(page.get_by_role("link", name="55 Fake")).to_be_visible()
    page.get_by_role("link", name="55 Fake").click()
    expect(page.locator("#verdicts tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#verdicts tbody tr")).to_have_count(5)
    assert rows(page)[-1] == "fake-109.png"
    page.get_by_role("link", name="First page").click()
    assert rows(page)[0] == "fake-001.png"


def test_a_job_is_cancelled_from_its_page(page: Page) -> None:
    """And says so."""
    hand_in(page, "a.png", "b.png")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.get_by_text("Cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel job")).to_have_count(0)


def test_jobs_are_listed_and_lead_to_their_pages(rig: ApiRig, page: Page) -> None:
    """Newest first; by state when asked."""
    done = hand_in(page, "fake.png", "b.png")
    rig.worker.run(done)
    page.goto("/")
    hand_in(page, "c.png", "d.png")
    page.get_by_role("link", name="Jobs").click()
    expect(page.locator(".job-line")).to_have_count(2)
    expect(page.locator(".job-line").first).to_contain_text("Waiting")
    page.get_by_label("State").select_option("completed")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".job-line")).to_have_count(1)
    page.get_by_role("link", name="2 images").click()
    assert page.url.endswith(done)


def test_a_folder_is_handed_in_with_relative_names(rig: ApiRig, page: Page, tmp_path: Path) -> None:
    """What is hidden, or no image, is left out, and the page says so."""
    folder = tmp_path / "album"
    (folder / "inner").mkdir(parents=True)
    for name in ("fake.png", "inner/b.png", ".hidden.png"):
        (folder / name).write_bytes(png())
    (folder / "notes.txt").write_text("no image")
    page.get_by_label("Folder").set_input_files(folder)
    expect(page.locator("#chosen")).to_contain_text("2 images")
    page.get_by_text("2 files that are no images were left out").click()
    expect(page.get_by_role("listitem").filter(has_text="album/notes.txt")).to_be_visible()
    page.get_by_role("button", name="Scan 2 images").click()
    page.get_by_role("link", name="Open the job").click()
    page.wait_for_url(JOB_PAGE)
    rig.worker.run(page.url.rpartition("/")[2])
    expect(page.locator("#verdicts tbody tr")).to_have_count(2)
    assert sorted(rows(page)) == ["album/fake.png", "album/inner/b.png"]


def test_an_archive_is_handed_in(rig: ApiRig, page: Page) -> None:
    """Its members become the items, its name the job's."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x/fake.png", png())
    chosen = FilePayload(name="album.zip", mimeType="application/zip", buffer=stream.getvalue())
    page.get_by_label("Archive").set_input_files([chosen])
    page.get_by_role("button", name="Scan archive").click()
    page.get_by_role("link", name="Open the job").click()
    page.wait_for_url(JOB_PAGE)
    expect(page.get_by_role("heading", name="album.zip")).to_be_visible()
    rig.worker.run(page.url.rpartition("/")[2])
    expect(page.get_by_text("x/fake.png")).to_be_visible()


def test_images_are_dropped_onto_the_page(page: Page) -> None:
    """And can be taken back before anything is sent."""
    dropped = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["x"], "a.png", { type: "image/png" }));
            data.items.add(new File(["x"], "b.txt", { type: "text/plain" }));
            return data;
        }"""
    )
    page.dispatch_event("#upload", "drop", {"dataTransfer": dropped})
    expect(page.locator("#chosen")).to_contain_text("1 image, 1 bytes")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Scan", exact=True)).to_be_disabled()


def test_what_is_dropped_beside_the_form_is_taken(page: Page) -> None:
    """What cannot be read is named, and the rest is not lost with it."""
    is_taken = page.evaluate(
        """() => {
            const image = new File(["x"], "a.png", { type: "image/png" });
            const away = { isFile: true, name: "away.png", file: (_, fail) => fail(new Error()) };
            const event = new Event("drop", { bubbles: true, cancelable: true });
            event.dataTransfer = { types: ["Files"], items: [
                { kind: "file", webkitGetAsEntry: () => away },
                { kind: "file", webkitGetAsEntry: () => null, getAsFile: () => image },
            ] };
            return !document.querySelector("h1").dispatchEvent(event);
        }"""
    )
    assert is_taken
    expect(page.locator("#chosen")).to_contain_text("1 image, 1 bytes")
    expect(page.get_by_role("alert")).to_contain_text("could not be read, and were left out: away")


def test_an_archive_is_known_by_its_name(page: Page) -> None:
    """However it is handed in, and packed."""
    chosen = FilePayload(name="Album.TAR.zst", mimeType="", buffer=b"x")
    page.get_by_label("Images").set_input_files([chosen])
    expect(page.get_by_role("button", name="Scan archive")).to_be_enabled()


def test_a_server_that_goes_away_is_said_and_found_again(rig: ApiRig, page: Page) -> None:
    """The page goes on trying, and catches up."""
    public_id = hand_in(page, "fake.png", "b.png")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    rig.worker.run(public_id)
    page.context.set_offline(False)
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_what_the_server_refuses_is_said_on_the_start_page(rig: ApiRig, page: Page) -> None:
    """In the server's words, and the images stay chosen."""
    with rig.database.write() as session:
        session.execute(delete(ModelAlias))
    page.get_by_label("Images").set_input_files([image("a.png")])
    page.get_by_role("button", name="Scan 1 image").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no model version to scan with.")
    expect(page.get_by_role("button", name="Scan 1 image")).to_be_enabled()
    assert rig.kept() == []


def test_everything_works_without_javascript(rig: ApiRig, browser: Browser, address: str) -> None:
    """The form makes the job, the page shows what is there, the filter and cancel are links."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    public_id = hand_in(page, "fake.png", "b.png")
    expect(page.get_by_text("Waiting")).to_be_visible()
    rig.worker.run(public_id)
    page.reload()
    assert rows(page) == ["fake.png", "b.png"]
    page.get_by_role("link", name="1 Fake").click()
    assert rows(page) == ["fake.png"]
    page.goto("/")
    hand_in(page, "c.png")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.get_by_text("Cancelled")).to_be_visible()
    context.close()


def test_no_page_is_wider_than_a_phone(rig: ApiRig, browser: Browser, address: str) -> None:
    """Whatever the images are called."""
    context = browser.new_context(base_url=address, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto("/")
    public_id = hand_in(page, "x" * 300 + ".png", "broken.png")
    rig.worker.run(public_id)
    for path in ("/", "/jobs", f"/jobs/{public_id}", "/nothing"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()


def test_scores_and_errors_are_counted_when_the_job_ends(rig: ApiRig, page: Page) -> None:
    """Without a reload; the errors are tried again by one click."""
    public_id = hand_in(page, "fake.png", "b.png", "broken.png")
    counts = page.get_by_role("region", name="Scores and errors")
    expect(counts).to_be_hidden()
    rig.worker.run(public_id)
    expect(counts.get_by_role("group", name="How many images have which score")).to_be_visible()
    expect(counts.get_by_text("Not a readable image 1")).to_be_visible()
    counts.get_by_text("As numbers").click()
    expect(counts.get_by_role("row", name="0.95 0 0 1")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 740})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 360, "The page is wider than a phone."
    counts.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
