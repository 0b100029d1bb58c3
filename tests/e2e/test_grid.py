"""The grid of a job's verdicts in a real browser: every card is there where one looks for it."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.support.api import ApiRig, part, png

COUNT = 430
MOST_IN_THE_PAGE = 140  # cards, however far one has scrolled
CARDS = ".rows .verdict-card:not(.waiting)"


@pytest.fixture
def public_id(rig: ApiRig) -> str:
    """A job of several hundred images: every third is a fake, and one failed."""
    return add(rig, *(f"{'fake' if i % 3 == 0 else 'b'}-{i:03d}.png" for i in range(COUNT)))


@pytest.fixture
def page(page: Page) -> Page:
    """A page of a usual size."""
    page.set_viewport_size({"width": 1100, "height": 800})
    return page


def add(rig: ApiRig, *names: str, scan: bool = True) -> str:
    """Make a job of such images, and take it to its end."""
    content = png()
    data = {"files": [part(name, content) for name in names]}
    public_id = rig.client.post("/v1/jobs", data=data).json["id"]
    if scan:
        rig.worker.run(public_id)
    return public_id


def place(page: Page) -> Locator:
    """The sentence that says where one is."""
    return page.locator(".place p:visible")


def scrolled(page: Page, seen: set[str]) -> int:
    """Scroll to the end like a person does; add the names, and return the most cards at once."""
    most = 0
    end = re.compile(r"^Verdicts [\d,]+ to ([\d,]+) of \1$")
    while not end.match(place(page).inner_text()):
        page.mouse.wheel(0, 500)
        expect(page.locator(".rows .waiting")).to_have_count(0)
        seen.update(page.locator(f"{CARDS} .card-name a").all_inner_texts())
        most = max(most, page.locator(".rows .verdict-card").count())
    seen.update(page.locator(f"{CARDS} .card-name a").all_inner_texts())
    return most


def test_all_verdicts_are_seen_and_few_are_in_the_page(page: Page, public_id: str) -> None:
    """Down to the last, and up to the first, which was read again by then."""
    page.goto(f"/jobs/{public_id}?view=grid")
    expect(place(page)).to_contain_text(f"of {COUNT}")
    page.mouse.move(500, 500)
    seen: set[str] = set()
    assert scrolled(page, seen) <= MOST_IN_THE_PAGE
    assert len(seen) == COUNT
    expect(page.get_by_role("link", name="b-428.png")).to_be_visible()
    assert page.get_by_role("link", name="fake-000.png").count() == 0
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="fake-000.png")).to_be_attached()
    card = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="b-001.png"))
    expect(card).to_have_attribute("aria-posinset", "2")
    expect(card).to_have_attribute("aria-setsize", str(COUNT))


def test_the_grid_keeps_to_what_is_chosen(page: Page, public_id: str) -> None:
    """A kind, a range of scores; the switch keeps it, and the address keeps the switch."""
    page.goto(f"/jobs/{public_id}")
    page.get_by_role("link", name="Grid", exact=True).click()
    page.get_by_role("link", name="144 Fake").click()
    expect(place(page)).to_contain_text("of 144")
    page.reload()
    page.mouse.move(500, 500)
    seen: set[str] = set()
    scrolled(page, seen)
    assert seen == {f"fake-{i:03d}.png" for i in range(0, COUNT, 3)}
    page.get_by_label("Score from").fill("0.99")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("There are no verdicts to show.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_role("link", name="Grid", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    page.get_by_role("link", name="Scores from 0.00 to 0.05: 286").click()
    expect(place(page)).to_contain_text("more follow")
    page.mouse.move(500, 500)
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.get_by_label("to", exact=True)).to_have_value("0.05")
    expect(page.locator("#verdicts tbody tr")).to_have_count(50)


def test_the_keyboard_goes_through_all_cards_in_order(page: Page, public_id: str) -> None:
    """And the card that has it stays, however far one scrolls away; Tab goes on from there."""
    page.goto(f"/jobs/{public_id}?view=grid")
    page.get_by_role("link", name="fake-000.png").focus()
    for at in range(1, 70):
        page.keyboard.press("Tab")
        expect(page.locator(".card-name a:focus")).to_have_text(re.compile(rf"-{at:03d}\.png$"))
    page.mouse.move(500, 500)
    scrolled(page, set())
    expect(page.get_by_role("link", name="b-428.png")).to_be_visible()
    expect(page.locator(".card-name a:focus")).to_have_text("fake-069.png")
    page.keyboard.press("Tab")
    expect(page.locator(".card-name a:focus")).to_have_text("b-070.png")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".card-name a:focus")).to_have_text("fake-069.png")
    assert page.locator(".rows .verdict-card").count() <= MOST_IN_THE_PAGE


def test_one_comes_back_to_where_one_was(page: Page, public_id: str) -> None:
    """After looking at a verdict, and after loading the page again."""
    page.goto(f"/jobs/{public_id}?view=grid")
    page.mouse.move(500, 500)
    scrolled(page, set())
    page.get_by_role("link", name="fake-420.png").click()
    expect(page.get_by_role("heading", name="fake-420.png")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="fake-420.png")).to_be_in_viewport()
    page.reload()
    expect(page.get_by_role("link", name="fake-420.png")).to_be_in_viewport()
    expect(page.get_by_role("link", name="fake-000.png")).to_have_count(0)


@pytest.mark.parametrize(("seen", "count"), [(12, 50), (70, 130)])
def test_verdicts_that_landed_meanwhile_are_there_when_one_comes_back(
    rig: ApiRig, page: Page, seen: int, count: int
) -> None:
    """The job has ended by then, so that nobody tells the page of them later."""
    public_id = add(rig, *(f"b-{i:03d}.png" for i in range(count)), scan=False)
    rig.worker.plan(public_id, shard_size=seen)
    first, *others = rig.worker.waiting(public_id)
    rig.worker.finish(first)
    page.route("**/v1/jobs/**", lambda route: route.abort())  # it hears of nothing
    page.goto(f"/jobs/{public_id}?view=grid")
    page.mouse.move(500, 500)
    scrolled(page, set())
    page.get_by_role("link", name=f"b-{seen - 1:03d}.png").click()
    expect(page.get_by_role("heading", name=f"b-{seen - 1:03d}.png")).to_be_visible()
    for shard_id in others:
        rig.worker.finish(shard_id)
    page.go_back()
    page.reload()  # browsers go back to what they kept
    expect(place(page)).to_contain_text(f"of {count}")
    expect(page.get_by_role("link", name=f"b-{seen - 1:03d}.png")).to_be_attached()
    page.mouse.move(500, 500)
    scrolled(page, set())
    expect(page.get_by_role("link", name=f"b-{count - 1:03d}.png")).to_be_visible()


def test_the_last_verdicts_are_asked_for_until_they_come(rig: ApiRig, page: Page) -> None:
    """Although the job has ended, and the server does not answer just then."""
    public_id = add(rig, "fake.png", "b.png", scan=False)
    rig.worker.plan(public_id, shard_size=1)
    first, second = rig.worker.waiting(public_id)
    rig.worker.finish(first)
    page.goto(f"/jobs/{public_id}?view=grid")
    names = page.locator(f"{CARDS} .card-name a")
    expect(names).to_have_text(["fake.png"])
    page.route("**/grid?*", lambda route: route.fulfill(status=503))
    rig.worker.finish(second)
    trouble = page.get_by_role("alert").filter(has_text="cannot be loaded at the moment")
    expect(trouble).to_be_visible()
    page.unroute("**/grid?*")
    expect(names).to_have_text(["fake.png", "b.png"])
    expect(place(page)).to_have_text("Verdicts 1 to 2 of 2")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_server_that_goes_away_is_said_and_found_again(page: Page, public_id: str) -> None:
    """The cards that are there stay, and the others come by a click, or by themselves."""
    page.goto(f"/jobs/{public_id}?view=grid")
    expect(place(page)).to_be_visible()
    page.route("**/grid?*", lambda route: route.abort())
    page.mouse.move(500, 500)
    page.mouse.wheel(0, 20_000)
    trouble = page.get_by_role("alert").filter(has_text="cannot be loaded at the moment")
    expect(trouble).to_be_visible()
    page.unroute("**/grid?*")
    page.get_by_role("button", name="Try now").click()
    expect(trouble).to_be_hidden()
    expect(page.get_by_role("link", name="b-061.png")).to_be_attached()


def test_a_page_ends_and_the_next_goes_on(page: Page, public_id: str) -> None:
    """Browsers have no room for a million cards below each other; the count goes on, too."""

    def shorten(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("100_000", "120"))

    page.route("**/static/grid.js", shorten)
    page.goto(f"/jobs/{public_id}?view=grid")
    page.mouse.move(500, 500)
    while page.get_by_text("This page ends here").is_hidden():
        page.mouse.wheel(0, 900)
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="b-119.png")).to_be_attached()
    page.get_by_role("link", name="Next page").click()
    expect(place(page)).to_have_text(re.compile(r"^Verdicts 121 to \d+ of 430$"))
    expect(page.get_by_role("link", name="fake-120.png")).to_be_attached()
    page.get_by_role("link", name="First page").click()
    expect(place(page)).to_have_text(re.compile(r"^Verdicts 1 to \d+ of 430$"))


def test_verdicts_come_while_the_job_runs(rig: ApiRig, page: Page) -> None:
    """Each with its card, in the order of the images; the sentence counts them."""
    public_id = add(rig, "fake.png", "b.png", "broken.png", scan=False)
    page.goto(f"/jobs/{public_id}?view=grid")
    expect(page.get_by_text("Verdicts appear here as they land.")).to_be_visible()
    rig.worker.plan(public_id, shard_size=1)
    first, second, third = rig.worker.waiting(public_id)
    rig.worker.finish(second)
    names = page.locator(f"{CARDS} .card-name a")
    expect(names).to_have_text(["b.png"])
    expect(place(page)).to_have_text("Verdicts 1 to 1 of 1")
    rig.worker.finish(first)
    rig.worker.finish(third)
    expect(names).to_have_text(["fake.png", "b.png", "broken.png"])
    expect(page.locator(CARDS).last).to_contain_text("Not a readable image")
    expect(place(page)).to_have_text("Verdicts 1 to 3 of 3")


def test_the_columns_follow_the_window(page: Page, public_id: str) -> None:
    """What was at the top stays there, on a phone too, and nothing is wider than the window."""
    page.goto(f"/jobs/{public_id}?view=grid")
    page.mouse.move(500, 500)
    scrolled(page, set())
    page.evaluate("scrollTo(0, document.querySelector('.rows').offsetTop + 5000)")
    expect(page.locator(".rows .waiting")).to_have_count(0)
    expect(place(page)).not_to_have_text(re.compile("^Verdicts 1 to"))
    top = int(re.findall(r"\d+", place(page).inner_text())[0])
    page.set_viewport_size({"width": 360, "height": 740})
    expect(page.locator(".row-of-cards").first.locator("> *")).to_have_count(2)
    expect(place(page)).to_contain_text(
        re.compile(rf"Verdicts ({'|'.join(str(top + i) for i in range(-8, 7))}) ")
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_is_paged_without_javascript(browser: Browser, address: str, public_id: str) -> None:
    """By links, and the switch is one, too."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/jobs/{public_id}?show=fake")
    page.get_by_role("link", name="Grid", exact=True).click()
    expect(page.locator(".verdict-card")).to_have_count(60)
    for _ in range(2):
        page.get_by_role("link", name="Next page").click()
    expect(page.locator(".verdict-card")).to_have_count(24)
    expect(page.get_by_role("link", name="fake-429.png")).to_be_visible()
    page.get_by_role("link", name="First page").click()
    expect(page.get_by_role("link", name="fake-000.png")).to_be_visible()
    context.close()


def test_the_grid_speaks_the_language_of_the_reader(
    browser: Browser, address: str, public_id: str
) -> None:
    """The sentence that counts, too."""
    context = browser.new_context(base_url=address, locale="zh-CN")
    page = context.new_page()
    page.goto(f"/jobs/{public_id}?view=grid")
    expect(place(page)).to_have_text(re.compile(r"^第 1 至 \d+ 个判定，共 430 个$"))
    context.close()
