"""A heatmap by the whole stack: asked for over HTTP, rung for, made by a worker on its model."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.support.images import encoded, photo_like
from tests.support.stack import PATIENCE_S, Installation, installation

SIZE = (120, 80)


@pytest.fixture
def running() -> Iterator[Installation]:
    """An installation whose `fakesweep up` runs."""
    with installation() as installed, installed.up():
        yield installed


def test_whoever_asks_for_a_heatmap_gets_it_in_the_same_answer(running: Installation) -> None:
    """It lies over the whole image, is kept beside the upload, and goes with its job."""
    content = encoded(photo_like(3, SIZE), "PNG")
    with httpx.Client(base_url=running.url, timeout=PATIENCE_S) as client:
        scan = client.post(
            "/v1/scans", files={"image": ("a.png", content)}, headers={"Prefer": "wait=60"}
        ).json()
        path = f"/v1/verdicts/{scan['verdict']['id']}/heatmap.png"
        answer = client.get(path, headers={"Prefer": "wait=60"})
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as overlay:
            assert (overlay.format, overlay.size) == ("PNG", SIZE)
        assert answer.headers["Heatmap-Box"] == f"0,0,{SIZE[0]},{SIZE[1]}"
        assert _kept(running) == ["0-0.png"]
        assert client.delete(f"/v1/jobs/{scan['job']['id']}").status_code == 204
        assert client.get(path).status_code == 404
    assert running.run("purge").returncode == 0
    assert _kept(running) == []


def _kept(installed: Installation) -> list[str]:
    """Return the names of the heatmaps in storage."""
    storage: Path = installed.folder / "var" / "storage"
    return sorted(file.name for file in storage.glob("uploads/*/heatmaps/*"))
