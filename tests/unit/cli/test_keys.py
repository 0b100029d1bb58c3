"""`fakesweep keys`, on a database of the test's own."""

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from db import api_keys, quotas
from db.session import Database


@pytest.fixture(autouse=True)
def installed(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands find the database."""
    monkeypatch.setenv("FAKESWEEP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("COLUMNS", "200")


def keys(*arguments: str) -> Result:
    """Run a command of `fakesweep keys`."""
    return CliRunner().invoke(main, ["keys", *arguments])


def test_the_key_alone_goes_to_standard_output(sqlite_url: str) -> None:
    """So that it can be piped; what to do with it is said beside."""
    made = keys("create", "app")
    assert made.exit_code == 0
    assert "cannot be shown again" in made.stderr
    (key,) = made.stdout.splitlines()
    assert key not in made.stderr
    with Database(sqlite_url).read() as session:
        assert api_keys.find(session, key) is not None


def test_the_list_shows_limits_and_use_but_no_key(sqlite_url: str) -> None:
    """A key is told apart by its name and its beginning."""
    options = ["--scope", "scan", "--scope", "admin", "--max-open-jobs", "5"]
    key = keys("create", "app", *options, "--max-items-a-day", "10000").stdout.strip()
    keys("create", "plain one")
    with Database(sqlite_url).write() as session:
        found = api_keys.find(session, key)
        assert found is not None
        quotas.spend(session, found.id, 2500)
    shown = keys("list").stdout
    assert key not in shown
    for part in (key[:10], "app", "plain one", "scan, admin", "0 of 5", "2,500 of 10,000", "never"):
        assert part in shown


def limits(sqlite_url: str) -> tuple[int | None, int | None]:
    """Return the limits of the only key."""
    with Database(sqlite_url).read() as session:
        (key,) = api_keys.everyone(session)
        return key.max_open_jobs, key.max_items_a_day


def test_limits_are_changed_and_lifted(sqlite_url: str) -> None:
    """What is left out stays; the sentence says what holds now."""
    keys("create", "app", "--max-open-jobs", "5")
    for options, found, said in (
        (("--max-items-a-day", "10000"), (5, 10_000), "at most 5 open jobs at once"),
        (("--max-open-jobs", "2"), (2, 10_000), "at most 10,000 items a day"),
        (("--max-open-jobs", "none"), (None, 10_000), "any number of open jobs at once"),
        (("--max-open-jobs", "1", "--max-items-a-day", "none"), (1, None), "any number of items"),
    ):
        ended = keys("limit", "app", *options)
        assert ended.exit_code == 0
        assert said in ended.stdout
        assert limits(sqlite_url) == found


def test_a_new_limit_holds_at_once(sqlite_url: str) -> None:
    """For what the key has used already as well."""
    key = keys("create", "app", "--max-items-a-day", "10").stdout.strip()
    with Database(sqlite_url).write() as session:
        found = api_keys.find(session, key)
        assert found is not None
        assert quotas.spend(session, found.id, 10)
    for most, has_room in (("15", True), ("10", False), ("none", True)):
        keys("limit", "app", "--max-items-a-day", most)
        with Database(sqlite_url).write() as session:
            assert quotas.spend(session, found.id, 5) is has_room


def test_a_revoked_key_is_listed_as_such(sqlite_url: str) -> None:
    """It opens nothing any more."""
    key = keys("create", "app").stdout.strip()
    assert keys("revoke", "app").exit_code == 0
    assert "revoked" in keys("list").stdout
    with Database(sqlite_url).read() as session:
        assert api_keys.find(session, key) is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create", "taken"], "choose another name"),
        (["create", ""], "Choose a printable name"),
        (["create", "x" * 101], "Choose a printable name"),
        (["create", "a\x1b[2J"], "Choose a printable name"),
        (["create", "a", "--scope", "root"], "'root' is not one of"),
        (["create", "a", "--max-open-jobs", "0"], "0 is not in the range"),
        (["revoke", "nobody"], "There is no key named nobody"),
        (["limit", "nobody", "--max-open-jobs", "1"], "There is no key named nobody"),
        (["limit", "taken"], "Name a limit to change"),
        (["limit", "taken", "--max-open-jobs", "0"], "0 is not in the range"),
        (["limit", "taken", "--max-items-a-day", "many"], "'many' is not a valid"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(arguments: list[str], sentence: str) -> None:
    """And nothing is written to standard output, where a key would be."""
    keys("create", "taken")
    ended = keys(*arguments)
    assert ended.exit_code in (1, 2)
    assert sentence in ended.stderr
    assert ended.stdout == ""
