"""Finding faces: in photographs of any size, several at once, and none where there is none."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from core.errors import ConfigurationError
from detector.faces import FaceFinder
from tests.support.faces import overlap, portrait
from tests.support.images import photo_like

NASA_BOX = (183, 63, 268, 174)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    """The finder that ships."""
    return FaceFinder.load()


def test_the_face_of_a_portrait_is_found(finder: FaceFinder) -> None:
    """Its box and its landmarks lie where a person sees them."""
    (face,) = finder.find(portrait())
    assert overlap(face.box, NASA_BOX) > 0.75
    assert face.score > 0.8
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert abs(face.tilt) < 10


def test_several_faces_come_largest_first(finder: FaceFinder) -> None:
    """Each face of a picture is found."""
    larger, smaller = finder.find(portrait("hard/two-faces"))
    assert larger.side > smaller.side
    assert larger.box[0] > 320 > smaller.box[2]


@pytest.mark.parametrize("name", ["photos/cat", "photos/coffee", "photos/rocket"])
def test_no_face_is_seen_where_none_is(finder: FaceFinder, name: str) -> None:
    """A cat, a cup and a rocket have no face."""
    assert finder.find(portrait(name)) == []


@pytest.mark.parametrize("scale", [0.2, 0.5, 2.0, 4.0])
def test_the_size_of_a_picture_does_not_change_what_is_found(
    finder: FaceFinder, scale: float
) -> None:
    """A small or a large copy has its faces at the same place."""
    picture = portrait("hard/two-faces")
    copy = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    found, again = finder.find(picture), finder.find(copy)
    assert len(again) == len(found)
    for face, other in zip(found, again, strict=True):
        assert overlap(face.box, tuple(edge / scale for edge in other.box)) > 0.75


def test_small_faces_of_a_group_are_found(finder: FaceFinder) -> None:
    """Faces of 40 pixels are found in a picture of 1,060."""
    person = portrait().crop((110, 0, 350, 300))
    person = person.resize((person.width * 40 // 110, person.height * 40 // 110))
    group = portrait("photos/coffee").resize((1060, 720))
    for i in range(24):
        group.paste(person, (30 + i % 8 * 125, 60 + i // 8 * 220))
    faces = finder.find(group)
    assert len(faces) == 24
    assert all(30 < face.side < 50 for face in faces)


def test_a_face_that_fills_the_picture_is_found(finder: FaceFinder) -> None:
    """A close crop of a large photograph still shows a face."""
    close = portrait("photos/navy-portrait").crop((150, 90, 390, 370)).resize((1200, 1400))
    (face,) = finder.find(close)
    assert face.height > 700


def test_boxes_end_at_the_border(finder: FaceFinder) -> None:
    """Of a face that is cut off, the box is what is within the picture."""
    half = portrait().crop((0, 0, 240, 400))
    (face,) = finder.find(half)
    assert face.box[2] <= 240


@pytest.mark.parametrize("size", [(32, 3000), (3000, 32), (33, 33)])
def test_pictures_of_any_shape_are_looked_at(finder: FaceFinder, size: tuple[int, int]) -> None:
    """A strip or a tiny picture is no error."""
    assert finder.find(photo_like(1, size)) == []


def test_threads_that_share_a_finder_find_the_same(finder: FaceFinder) -> None:
    """The faces of a picture are the same to the last bit, whoever asks."""
    pictures = [portrait(), portrait("hard/two-faces"), portrait("photos/photographer")] * 4
    alone = [finder.find(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(finder.find, pictures)) == alone


def test_only_the_cpu_finds_faces() -> None:
    """Another device would find slightly other boxes."""
    with pytest.raises(ConfigurationError, match=r"on the CPU"):
        FaceFinder.load("cuda")


def test_a_blank_picture_has_no_face(finder: FaceFinder) -> None:
    """Nor has one of a single colour."""
    assert finder.find(Image.new("RGB", (640, 480), "beige")) == []
