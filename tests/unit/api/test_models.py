"""Model versions over HTTP: read, and promoted."""

from core.terms import Scope
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


def add_version(rig: ApiRig, name: str) -> None:
    """Register one more model version."""
    with rig.database.write() as session:
        session.add(ModelVersion(name=name, fingerprint="1" * 64, card={}))


def test_a_version_is_promoted(rig: ApiRig) -> None:
    """To champion by default; the versions before it lose the role, not their place."""
    add_version(rig, "tiny-2")
    answer = rig.client.post("/v1/models/tiny-2/promote", json={})
    assert (answer.status_code, answer.json["aliases"]) == (200, ["champion"])
    rig.client.post("/v1/models/tiny-1/promote", json={"alias": "challenger"})
    found = {one["id"]: one["aliases"] for one in rig.client.get("/v1/models").json["models"]}
    assert found == {"tiny-2": ["champion"], "tiny-1": ["challenger"]}


def test_a_promotion_that_comes_too_late_is_refused(rig: ApiRig) -> None:
    """The champion is not the one that was to be replaced; nor is there a version of any name."""
    add_version(rig, "tiny-2")
    late = rig.client.post("/v1/models/tiny-2/promote", json={"instead_of": "tiny-0"})
    assert late.status_code == 409
    assert "is tiny-1 now" in late.json["detail"]
    assert rig.client.post("/v1/models/gone-1/promote", json={}).status_code == 404
    assert rig.client.get("/v1/models").json["models"][1]["aliases"] == ["champion"]


def test_only_admins_promote(guarded_rig: ApiRig) -> None:
    """Another key reads the versions, and changes nothing."""
    add_version(guarded_rig, "tiny-2")
    app = guarded_rig.client_with(guarded_rig.add_key("app"))
    answer = app.post("/v1/models/tiny-2/promote", json={})
    assert answer.status_code == 403
    assert "scope `admin`" in answer.json["detail"]
    assert app.get("/v1/models").json["models"][0]["aliases"] == []
    admin = guarded_rig.client_with(guarded_rig.add_key("admin", Scope.ADMIN))
    assert admin.post("/v1/models/tiny-2/promote", json={}).status_code == 200


def test_what_can_be_no_name_is_not_looked_for(rig: ApiRig) -> None:
    """A zero byte, which no database takes, among them."""
    assert rig.client.post("/v1/models/a%00b/promote", json={}).status_code == 422
    assert rig.client.post("/models/a%00b/promote").status_code == 404
