"""The catalogs of the pages: every word of the templates and of Python is there, in good order."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from api.pages.language import CATALOGS, ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[3]
KEPT = re.compile(r"%\(\w+\)s|%%|<[^>]+>|`[^`]+`")
VALUE, ELEMENT = re.compile(r"%\(\w+\)s"), re.compile(r"<[^>]+>")
DATA = re.compile(r'\bdata-[\w-]+="[^"]*"')  # for scripts
WORD = re.compile(r"[A-Za-z]{2,}")
NAMES = {"fakesweep", "API", "openapi", "json", "ROC", "SHA", "EXIF", "JSONL", "CSV"}
EXAMPLES = ("fsk_…", "campaign:spring", "https://example.org/face.jpg", "job_01a2…")
SPOKEN = {"alt", "title", "placeholder", "aria-label", "summary"}
TEMPLATES = sorted((ROOT / "api" / "pages" / "templates").glob("*.html"))
TIME = "dd MMM y, HH:mm 'UTC'"
OTHERS = [str(locale) for locale, _ in LANGUAGES.values() if locale != ENGLISH]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make translations` finds in the pages."""
    file = tmp_path_factory.mktemp("catalogs") / "messages.pot"
    asked = f"pybabel -q extract -F {ROOT}/pyproject.toml -k counted:1,2 -o {file} {ROOT}/api"
    CommandLineInterface().run(asked.split())
    with file.open("rb") as found:
        return read_po(found)


@pytest.fixture(params=OTHERS)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    """Each catalog of another language than English."""
    with (CATALOGS / request.param / "LC_MESSAGES" / "messages.po").open("rb") as found:
        return read_po(found, locale=request.param)


def messages(catalog: Catalog) -> Iterator[Message]:
    """Yield all messages behind the header."""
    return (message for message in catalog if message.id)


def texts(found: object) -> tuple[str, ...]:
    """Return the forms of a message: one, or one for each number that it depends on."""
    return tuple(found) if isinstance(found, list | tuple) else (str(found),)


def test_no_word_is_missing_and_none_is_left_over(written: Catalog, catalog: Catalog) -> None:
    """`make translations` brings the catalog up to the pages."""
    asked = {texts(message.id) for message in messages(written)}
    assert {texts(message.id) for message in messages(catalog)} == asked
    assert len(asked) > 300


def test_every_word_is_translated(catalog: Catalog) -> None:
    """By a person who has taken the guess of the tools off."""
    unfinished = [
        message.id
        for message in messages(catalog)
        if message.fuzzy or not all(texts(message.string))
    ]
    assert unfinished == []


def test_values_and_marks_stay(catalog: Catalog) -> None:
    """What is filled in, elements, and what is to be written as it stands."""
    for message in messages(catalog):
        asked = set(KEPT.findall(texts(message.id)[-1]))
        for said in texts(message.string):
            assert set(KEPT.findall(said)) == asked, message.id


def test_chinese_is_written_with_its_own_marks(catalog: Catalog) -> None:
    """Full-width ones behind Chinese letters, and a space beside Latin ones."""
    for message in messages(catalog):
        for said in texts(message.string) if message.id != TIME else ():
            plain = ELEMENT.sub("", VALUE.sub("", said))
            assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9,;:?!.()]", plain), said
            assert not re.search(r"[A-Za-z0-9][\u4e00-\u9fff]", plain), said


class Spoken(HTMLParser):
    """Collects what a reader sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the library's
        """Note the attributes that are read out."""
        self.said += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.said.append(data)


def literals(node: nodes.Node) -> Iterator[str]:
    """Yield what the template writes as it stands, and nothing of what gettext is given."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Output):
        for child in node.nodes:
            yield "".join(literals(child)) or "0"  # a value
    elif not isinstance(node, nodes.Expr):
        for child in node.iter_child_nodes():
            yield from literals(child)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_writes_no_words_of_its_own(file: Path) -> None:
    """All go through gettext, those of attributes as well."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    reader = Spoken()
    written = "".join(literals(environment.parse(file.read_text())))
    reader.feed(DATA.sub("", written))
    said = [one for one in reader.said if one.strip() not in EXAMPLES]
    assert [one.strip() for one in said if not set(WORD.findall(one)) <= NAMES] == []
