"""Model versions: registered once, immutable, one champion."""

from pathlib import Path

import pytest

from core.errors import ConflictError, ModelUnavailableError, NotFoundError
from core.registry import ModelVersionFiles
from core.terms import Alias
from db import model_versions
from db.session import Database


def _files(number: int, fingerprint: str = "f") -> ModelVersionFiles:
    name = f"faces-{number}"
    return ModelVersionFiles(
        id=name,
        name="faces",
        number=number,
        path=Path(name),
        card={"n": number},
        fingerprint=fingerprint,
    )


def test_without_a_version_there_is_a_sentence(database: Database) -> None:
    """Who wants to scan without a model is told how to get one."""
    with database.read() as session, pytest.raises(ModelUnavailableError, match="train publish"):
        model_versions.champion(session)


def test_the_newest_version_is_the_first_champion_and_stays_it(database: Database) -> None:
    """Later versions are registered, but only a person promotes them."""
    with database.write() as session:
        added = model_versions.sync(session, [_files(1), _files(2)])
        assert [version.name for version in added] == ["faces-1", "faces-2"]
        assert model_versions.champion(session).name == "faces-2"
    with database.write() as session:
        assert len(model_versions.sync(session, [_files(1), _files(2), _files(3)])) == 1
        assert model_versions.champion(session).name == "faces-2"
        model_versions.set_alias(session, Alias.CHAMPION, "faces-3")
        assert model_versions.champion(session).name == "faces-3"
        assert list(model_versions.aliases(session).values()) == [[Alias.CHAMPION]]


def test_an_altered_version_is_refused(database: Database) -> None:
    """A registered version whose files changed stops the sync with its name."""
    with database.write() as session:
        model_versions.sync(session, [_files(1)])
    with database.write() as session, pytest.raises(ConflictError, match="faces-1 have changed"):
        model_versions.sync(session, [_files(1, fingerprint="other")])


def test_an_alias_needs_a_version(database: Database) -> None:
    """Promoting what is not there names it."""
    with database.write() as session, pytest.raises(NotFoundError, match="no model version gone-1"):
        model_versions.set_alias(session, Alias.CHAMPION, "gone-1")


def test_an_alias_remembers_who_held_it_before(database: Database) -> None:
    """So that it can be given back; to give it again to its holder changes nothing."""
    with database.write() as session:
        model_versions.sync(session, [_files(1), _files(2)])
        assert model_versions.holders(session)[Alias.CHAMPION].previous is None
        for _ in range(2):
            model_versions.set_alias(session, Alias.CHAMPION, "faces-1")
            held = model_versions.holders(session)[Alias.CHAMPION]
            assert (held.name, held.previous) == ("faces-1", "faces-2")
        model_versions.set_alias(session, Alias.CHAMPION, "faces-2")
        held = model_versions.holders(session)[Alias.CHAMPION]
        assert (held.name, held.previous) == ("faces-2", "faces-1")
        assert Alias.CHALLENGER not in model_versions.holders(session)


def test_an_alias_that_changed_meanwhile_is_not_taken(database: Database) -> None:
    """Whoever decided by what was shown hears that it holds no more."""
    with database.write() as session:
        model_versions.sync(session, [_files(1), _files(2), _files(3)])
        model_versions.set_alias(session, Alias.CHAMPION, "faces-1", instead_of="faces-3")
    with database.write() as session, pytest.raises(ConflictError, match="is faces-1 now"):
        model_versions.set_alias(session, Alias.CHAMPION, "faces-2", instead_of="faces-3")
