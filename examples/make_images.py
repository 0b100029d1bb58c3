"""Make `examples/images` anew: `python examples/make_images.py [FOLDER]`.

Needs scikit-image for its photographs: `pip install --no-deps scikit-image`. The pixels are the
same each time; the bytes, with the same version of Pillow. README.md lists the files.
"""

import sys
from pathlib import Path

import hard_cases as hard
import manipulations as falsify
import photographs
from PIL import Image, ImageOps
from portraits import PORTRAITS, draw, draw_figure

IMAGES = Path(__file__).parent / "images"


def make_photographs() -> dict[str, bytes]:
    """Return the photographs as they are, apart from a JPEG's losses."""
    return {
        "photos/nasa-portrait.jpg": hard.jpeg(photographs.nasa_portrait().pixels),
        "photos/navy-portrait.jpg": hard.jpeg(photographs.navy_portrait().pixels),
        "photos/photographer.jpg": hard.jpeg(photographs.photographer().pixels.convert("L")),
        "photos/cat.jpg": hard.jpeg(photographs.cat().pixels),
        "photos/coffee.jpg": hard.jpeg(photographs.coffee().pixels, quality=80),
        "photos/rocket.jpg": hard.jpeg(photographs.rocket().pixels, quality=80),
    }


def make_manipulated() -> dict[str, bytes]:
    """Return falsified faces: each is a fake."""
    nasa, navy = photographs.nasa_portrait(), photographs.navy_portrait()
    pictures = {
        "swapped-face-1": falsify.swap_face(nasa, navy),
        "swapped-face-2": falsify.swap_face(navy, nasa),
        "spliced-face": falsify.paste_face(nasa, navy.pixels.crop(navy.face_box)),
        "twisted-face": falsify.warp_face(navy),
        "smoothed-face": falsify.smooth_face(nasa),
        "tinted-face": falsify.shift_face_colour(nasa),
        "upsampled-face": falsify.upsample_face(navy),
        "grid-on-face": falsify.grid_face(navy),
    }
    return {f"manipulated/{name}.jpg": hard.jpeg(made) for name, made in pictures.items()}


def make_variants() -> dict[str, bytes]:
    """Return one real portrait as it comes after a trip through the web: still real."""
    portrait = photographs.nasa_portrait().pixels
    return {
        "variants/copy.jpg": hard.jpeg(portrait),
        "variants/heavy-jpeg.jpg": hard.jpeg(portrait, quality=10),
        "variants/half-size.jpg": hard.jpeg(portrait.reduce(2)),
        "variants/mirrored.jpg": hard.jpeg(ImageOps.mirror(portrait), quality=85),
        "variants/close-crop.png": hard.encoded(portrait.crop((140, 10, 310, 200)), "PNG"),
    }


def make_drawn() -> dict[str, bytes]:
    """Return the cartoon portraits."""
    return {
        f"drawn/{name}.png": hard.encoded(draw(person), "PNG", optimize=True)
        for name, person in PORTRAITS.items()
    }


def make_hard_cases() -> dict[str, bytes]:
    """Return what a decoder must survive."""
    nasa, navy = photographs.nasa_portrait().pixels, photographs.navy_portrait().pixels
    amber, haze = draw(PORTRAITS["amber"]), draw(PORTRAITS["haze"])
    couple = Image.new("RGB", (640, 320))
    couple.paste(nasa.crop((70, 0, 390, 320)))
    couple.paste(navy.crop((100, 40, 420, 360)), (320, 0))
    return {
        "hard/truncated.jpg": hard.truncated_jpeg(nasa),
        "hard/empty.jpg": b"",
        "hard/text.jpg": hard.text(),
        "hard/png-named.jpg": hard.encoded(amber, "PNG", optimize=True),
        "hard/tiny.png": hard.encoded(amber.resize((16, 16)), "PNG"),
        "hard/transparent.png": hard.encoded(draw_figure(PORTRAITS["coral"]), "PNG", optimize=True),
        "hard/sixteen-bit.png": hard.sixteen_bit_png(navy.reduce(2)),
        "hard/palette.png": hard.palette_png(haze),
        "hard/turned-by-exif.jpg": hard.turned_jpeg(navy),
        "hard/cmyk.jpg": hard.cmyk_jpeg(navy),
        "hard/animated.gif": hard.animated_gif([haze.resize((200, 200)), amber.resize((200, 200))]),
        "hard/portrait.webp": hard.encoded(nasa, "WEBP", quality=80),
        "hard/two-faces.jpg": hard.jpeg(couple, quality=85),
        "hard/nested folder/портрет-顔.jpg": hard.jpeg(navy.reduce(2)),
    }


def make_all() -> dict[str, bytes]:
    """Return every example image: its path below `images`, and its bytes."""
    return (
        make_photographs() | make_manipulated() | make_variants() | make_drawn() | make_hard_cases()
    )


def write(folder: Path) -> None:
    """Write every example image below the folder, over what is there."""
    for path, content in make_all().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
