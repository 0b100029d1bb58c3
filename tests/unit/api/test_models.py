"""Reading model versions over HTTP."""

from db.models import ModelVersion
from tests.support.api import ApiRig


def test_model_versions_are_listed_newest_first_with_aliases(rig: ApiRig) -> None:
    """The champion is marked; a newer version without an alias comes before it."""
    with rig.database.write() as session:
        session.add(ModelVersion(name="tiny-2", fingerprint="1" * 64, card={"auc": 0.9}))
    newest, champion = rig.client.get("/v1/models").json["models"]
    assert (newest["id"], newest["aliases"], newest["card"]) == ("tiny-2", [], {"auc": 0.9})
    assert (champion["id"], champion["aliases"]) == ("tiny-1", ["champion"])


def test_no_model_version_is_an_empty_list(bare_rig: ApiRig) -> None:
    """Not an error: the list is what it is."""
    assert bare_rig.client.get("/v1/models").json == {"models": []}
