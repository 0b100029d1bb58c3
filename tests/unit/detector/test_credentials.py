"""Content credentials: what was signed is told, and what was changed since is seen."""

from detector.credentials import Credentials, read_credentials
from tests.support.images import encoded, photo_like
from tests.support.signing import signed


def picture() -> bytes:
    """Return a drawn JPEG."""
    return encoded(photo_like(5, (96, 64)), "JPEG")


def test_what_a_generator_signed_is_told() -> None:
    """Its name, the signer, and that a model made the image."""
    found = read_credentials(signed(picture()), "JPEG")
    assert found is not None
    assert found.is_intact
    assert found.is_generated
    assert found.made_with == "Dream Machine 2"
    assert found.signed_by == "Somebody of the tests"
    assert found.actions == ("created",)


def test_a_photograph_is_not_called_generated() -> None:
    """It says that a camera took it, and what was done since."""
    capture = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    taken = {"action": "c2pa.created", "digitalSourceType": capture}
    found = read_credentials(signed(picture(), taken, {"action": "c2pa.color_adjustments"}), "JPEG")
    assert found is not None
    assert not found.is_generated
    assert found.actions == ("created", "color_adjustments")


def test_a_change_after_signing_is_seen() -> None:
    """One bit of the image is enough."""
    data = bytearray(signed(picture()))
    data[-300] ^= 1
    found = read_credentials(bytes(data), "JPEG")
    assert found is not None
    assert not found.is_intact


def test_a_damaged_manifest_is_not_mistaken_for_none() -> None:
    """Whatever the damage, nothing is raised."""
    data = signed(picture())
    at = data.index(b"c2pa") + 200
    assert read_credentials(data[:at] + bytes(400) + data[at + 400 :], "JPEG") == Credentials(
        is_intact=False
    )


def test_most_images_have_none() -> None:
    """Nor has a format that can hold none."""
    assert read_credentials(picture(), "JPEG") is None
    assert read_credentials(signed(picture()), "BMP") is None
    assert read_credentials(picture() + b"c2pa", "JPEG") is None


def test_what_a_stranger_wrote_is_one_plain_line() -> None:
    """Control characters are left out, and a novel is cut."""
    found = read_credentials(signed(picture(), maker="a\x1b[31m\nb" + "x" * 5000), "JPEG")
    assert found is not None
    assert found.made_with.isprintable()
    assert len(found.made_with) <= 100
