"""Cards of images on other servers: those are not asked before a person wants it."""

import re

import pytest
from sqlalchemy import update

from db.models import Job
from tests.support.api import ApiRig
from tests.support.rows import add_job_of, get_job

TEMPLATE = re.compile(r"<template>.*?</template>", re.DOTALL)
PAGES = ("/?job={id}", "/jobs/{id}/live", "/jobs/{id}/cards")
GRIDS = ("/jobs/{id}?view=grid", "/jobs/{id}/grid?limit=1", "/jobs/{id}/grid?label=fake")


def scan(rig: ApiRig, source: dict[str, str], *names: str, root: str, local: str = "") -> str:
    """Scan images that a source lists, two of them a shard; return the id of the job."""
    shards = [list(names[at : at + 2]) for at in range(0, len(names), 2)]
    job = add_job_of(rig.database, *shards, root=root, local=[local])
    with rig.database.write() as session:
        session.execute(update(Job).values(source=source))
    job_id = get_job(rig.database, job).public_id
    rig.worker.run(job_id)
    return job_id


def shown(rig: ApiRig, path: str) -> str:
    """Return the page without its templates, of which browsers load nothing."""
    return TEMPLATE.sub("", rig.client.get(path).text)


@pytest.mark.parametrize("path", PAGES + GRIDS)
def test_a_card_names_the_server_that_has_its_image(rig: ApiRig, path: str) -> None:
    """And leads to where it is fetched from there, for a browser without JavaScript, too."""
    source = {"type": "urls", "uri": "s3://kept/list"}
    job_id = scan(rig, source, "fake.png", root="https://me:secret@photos.example:8443")
    page = shown(rig, path.format(id=job_id))
    assert "The image is on photos.example." in page
    assert f'href="/verdicts/{job_id}-0?fetch=1"' in page
    assert "image.jpg" not in page
    assert "image.jpg" in rig.client.get(path.format(id=job_id)).text


@pytest.mark.parametrize("path", PAGES + GRIDS[::2])
def test_a_manifest_names_images_here_and_elsewhere(rig: ApiRig, path: str) -> None:
    """Those that are here are shown at once."""
    source = {"type": "manifest", "uri": "s3://lists/a.csv", "name": "a.csv", "format": "csv"}
    names = ["fake-a.png", "fake-b.png", "fake-c.png"]
    job_id = scan(rig, source, *names, root="https://photos.example", local="fake-b.png")
    page = shown(rig, path.format(id=job_id))
    assert re.findall(r"/v1/verdicts/job_\w+-(\d)/image.jpg", page) == ["1"]
    assert page.count("The image is on photos.example.") == 2
