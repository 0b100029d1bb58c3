"""Cartoon portraits, drawn at four times their size and scaled down; the project's own work."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw, ImageFilter

SIZE = 320
SCALE = 4
LINE = "#2b1d16"

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Portrait:
    """What a drawn person looks like; colours are `#rrggbb`."""

    skin: str
    hair: str
    shirt: str
    background: tuple[str, str]
    style: Literal["short", "long", "curly", "bald", "bun"] = "short"
    glasses: bool = False
    beard: bool = False
    smile: float = 0.5
    eyes_closed: bool = False


PORTRAITS = {
    "amber": Portrait("#f1c9a5", "#7a4b25", "#2f6f8f", ("#dfe9f3", "#9fb8cf"), "long"),
    "basil": Portrait("#8d5a3a", "#17110d", "#d9a441", ("#f7e7ce", "#d98e5f"), beard=True),
    "coral": Portrait("#e3a982", "#b3471b", "#3c7d5a", ("#e9f5e1", "#8fc79a"), "curly", smile=0.9),
    "denim": Portrait("#5a3825", "#0d0a08", "#b03a48", ("#fbe4e4", "#c58fa5"), "bun", smile=0.7),
    "ember": Portrait("#f6dcc6", "#d8b25c", "#6a4c93", ("#efe6fb", "#a793cc"), glasses=True),
    "fjord": Portrait(
        "#c98f62", "#3a2a20", "#1f4e5f", ("#d6eef2", "#6fa8b5"), "bald", glasses=True, smile=0.2
    ),
    "grove": Portrait("#eac2a0", "#8c8c8c", "#46604a", ("#f2f0e4", "#b9b48a"), beard=True),
    "haze": Portrait("#a87148", "#241812", "#e07a5f", ("#f4f1de", "#81b29a"), "long", smile=0.8),
}


def draw(portrait: Portrait) -> Image.Image:
    """Return the portrait on its background: RGB, 320 x 320."""
    figure = draw_figure(portrait)
    top, bottom = portrait.background
    ramp = Image.linear_gradient("L").resize(figure.size)
    flat = {colour: Image.new("RGB", figure.size, colour) for colour in (top, bottom)}
    picture = Image.composite(flat[bottom], flat[top], ramp)
    picture.paste(figure, mask=figure)
    return picture


def draw_figure(portrait: Portrait) -> Image.Image:
    """Return the portrait without a background: RGBA, 320 x 320."""
    canvas = Image.new("RGBA", (SIZE * SCALE, SIZE * SCALE))
    pen = _Pen(canvas)
    if portrait.style in ("long", "curly"):
        _draw_hair_behind(pen, portrait)
    _draw_body(pen, portrait)
    _draw_head(pen, portrait)
    _draw_eyes(pen, portrait)
    _draw_nose_and_mouth(pen, portrait)
    _draw_hair(pen, portrait)
    if portrait.glasses:
        _draw_glasses(pen)
    return canvas.filter(ImageFilter.GaussianBlur(2)).resize((SIZE, SIZE), Image.Resampling.LANCZOS)


class _Pen:
    """Draws in units of the finished picture."""

    def __init__(self, canvas: Image.Image) -> None:
        self._draw = ImageDraw.Draw(canvas)

    def oval(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        self._draw.ellipse(_scaled(left, top, right, bottom), fill=fill)

    def ring(self, left: float, top: float, right: float, bottom: float, width: float) -> None:
        box = _scaled(left, top, right, bottom)
        self._draw.ellipse(box, outline=LINE, width=int(width * SCALE))

    def shape(self, points: Points, fill: str) -> None:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def curve(self, box: tuple[float, float, float, float], start: int, end: int) -> None:
        self._draw.arc(_scaled(*box), start, end, fill=LINE, width=3 * SCALE)

    def slice(
        self, box: tuple[float, float, float, float], start: int, end: int, fill: str
    ) -> None:
        self._draw.chord(_scaled(*box), start, end, fill=fill)

    def line(self, points: Points, width: float, fill: str = LINE) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=int(width * SCALE), joint="curve")


def _scaled(*values: float) -> list[float]:
    return [value * SCALE for value in values]


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a * (1 - share) + b * share) for a, b in pairs).hex()


def _draw_hair_behind(pen: _Pen, portrait: Portrait) -> None:
    if portrait.style == "long":
        pen.oval(84, 44, 236, 190, portrait.hair)
        pen.shape([(84, 115), (74, 262), (246, 262), (236, 115)], portrait.hair)
        return
    for x, y in ((92, 100), (228, 100), (84, 142), (236, 142), (96, 182), (224, 182)):
        pen.oval(x - 32, y - 32, x + 32, y + 32, portrait.hair)


def _draw_body(pen: _Pen, portrait: Portrait) -> None:
    shade = _mixed(portrait.skin, "#5a2d1a", 0.22)
    pen.oval(40, 246, 280, 440, portrait.shirt)
    pen.shape([(134, 200), (186, 200), (192, 262), (160, 282), (128, 262)], shade)
    pen.line([(128, 260), (160, 284), (192, 260)], 4, _mixed(portrait.shirt, "#000000", 0.3))


def _draw_head(pen: _Pen, portrait: Portrait) -> None:
    shade = _mixed(portrait.skin, "#5a2d1a", 0.15)
    for left in (86, 216):
        pen.oval(left, 132, left + 20, 172, shade)
    pen.oval(96, 66, 224, 234, portrait.skin)
    if portrait.beard:
        pen.slice((98, 90, 222, 238), 12, 168, portrait.hair)
        pen.oval(128, 178, 192, 222, portrait.skin)
        return
    for left in (108, 184):
        pen.oval(left, 168, left + 28, 190, _mixed(portrait.skin, "#d8553f", 0.18))


def _draw_eyes(pen: _Pen, portrait: Portrait) -> None:
    brow = _mixed(portrait.hair, "#1a120d", 0.4)
    for x in (132, 188):
        pen.line([(x - 16, 128), (x, 122), (x + 16, 128)], 5, brow)
        if portrait.eyes_closed:
            pen.curve((x - 14, 138, x + 14, 156), 10, 170)
            continue
        pen.oval(x - 15, 138, x + 15, 158, "#fbfaf7")
        pen.oval(x - 8, 139, x + 8, 157, "#5b4632")
        pen.oval(x - 4, 143, x + 4, 153, "#0d0a08")
        pen.oval(x + 1, 141, x + 5, 146, "#ffffff")
        pen.curve((x - 16, 136, x + 16, 160), 195, 345)


def _draw_nose_and_mouth(pen: _Pen, portrait: Portrait) -> None:
    pen.line([(160, 150), (151, 180), (162, 183)], 3, _mixed(portrait.skin, "#4a2414", 0.45))
    depth = 8 + 16 * portrait.smile
    pen.slice((134, 200 - depth, 186, 200 + depth), 8, 172, "#a23b3b")
    pen.slice((138, 202 - depth / 2, 182, 202 + depth / 2), 10, 170, "#f7f2ee")


def _draw_hair(pen: _Pen, portrait: Portrait) -> None:
    if portrait.style == "bald":
        return
    if portrait.style == "bun":
        pen.oval(128, 24, 192, 84, portrait.hair)
    pen.slice((92, 52, 228, 216), 190, 350, portrait.hair)
    if portrait.style == "short":
        pen.slice((104, 46, 240, 140), 160, 290, portrait.hair)
    if portrait.style == "curly":
        for x in range(104, 221, 18):
            pen.oval(x - 18, 48, x + 18, 92, portrait.hair)


def _draw_glasses(pen: _Pen) -> None:
    for x in (132, 188):
        pen.ring(x - 24, 128, x + 24, 170, 3.5)
    pen.line([(154, 146), (166, 146)], 3.5)
    for inner, outer in ((108, 94), (212, 226)):
        pen.line([(inner, 144), (outer, 140)], 3.5)
