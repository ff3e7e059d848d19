import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.image import imread

from nlpcli.errors import OutputError, UsageError
from nlpcli.views import pictures
from nlpcli.views.scatter import Scatter, check, principal_components

HOSTILE = ["<script>alert(1)</script> & co", "price $x^2$ and $", "bell\x07 and \x1b[31mred\x00"]
CHINESE = "一只猫在睡觉"


@pytest.fixture
def draw(tmp_path):
    def draw_texts(name, *texts):
        picture = Scatter()
        for text, vector in zip(texts, np.random.default_rng(0).normal(size=(len(texts), 4)), strict=True):
            picture.add(text, vector.astype(np.float32))
        picture.save(tmp_path / name)
        return tmp_path / name

    return draw_texts


def shown_texts(picture: Path) -> list[str]:
    return [element.text for element in ET.parse(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_a_png_is_a_picture_with_something_on_it(draw):
    pixels = imread(draw("map.png", "a cat", "a dog", "rain"))
    assert pixels.shape[:2] == (1050, 1350)
    assert pixels[..., :3].std() > 0.02


def test_an_svg_holds_every_text_as_text_and_interprets_none(draw):
    texts = shown_texts(draw("map.svg", *HOSTILE, CHINESE))
    assert {"<script>alert(1)</script> & co", "price $x^2$ and $", "bell� and �[31mred�", CHINESE} <= set(texts)
    assert "<script" not in draw("map.svg", *HOSTILE).read_text(encoding="utf-8")


def test_the_same_texts_give_the_same_bytes(draw):
    assert draw("first.svg", *HOSTILE).read_bytes() == draw("second.svg", *HOSTILE).read_bytes()


@pytest.mark.filterwarnings("error")
def test_characters_without_a_font_are_told_once(draw, caplog, monkeypatch):
    monkeypatch.setattr(pictures, "CJK_FONTS", ())
    draw("map.png", CHINESE, "a dog")
    assert [record.message for record in caplog.records] == [
        "no font with Chinese, Japanese or Korean characters was found; .svg keeps them as text"
    ]


def test_chinese_is_drawn_with_a_font_that_has_it(draw, caplog):
    installed = {font.name for font in font_manager.fontManager.ttflist}
    if not installed & set(pictures.CJK_FONTS):
        pytest.skip("no font with Chinese characters on this machine")
    picture = draw("map.svg", CHINESE, "a dog").read_text(encoding="utf-8")
    assert caplog.records == []
    assert any(name in picture for name in pictures.CJK_FONTS)


def test_labels_cover_neither_each_other_nor_leave_the_picture(draw):
    crowd = draw("map.svg", *[f"text number {number} about things" for number in range(60)])
    places = re.findall(r'x="([\d.]+)" y="([\d.]+)"[^>]*>text number', crowd.read_text(encoding="utf-8"))
    spots = np.array(places, float)
    across, down = (np.abs(spots[:, None, axis] - spots[None, :, axis]) for axis in (0, 1))
    clear = (across > 100) | (down > 8)
    assert len(places) > 20
    assert (clear | np.eye(len(spots), dtype=bool)).all()
    assert (spots > 0).all()
    assert (spots < [648 - 100, 504]).all()


def test_many_points_have_no_labels(draw):
    assert not any(text.startswith("text") for text in shown_texts(draw("map.svg", *["text"] * 61)))


def test_components_are_the_directions_of_the_largest_variance():
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(5, 5)))[0]
    vectors = (random.normal(size=(200, 5)) * [9, 4, 0.1, 0.1, 0.1]) @ axes.T + 3
    points, shares = principal_components(vectors.astype(np.float32))
    centred = vectors - vectors.mean(0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    assert np.allclose(np.abs(points), np.abs(centred @ directions[:2].T), atol=1e-2)
    assert np.allclose(shares, (sizes**2 / (sizes**2).sum())[:2], atol=1e-4)


def test_what_cannot_be_drawn_is_refused(draw):
    with pytest.raises(UsageError, match=r"draws .png or .svg, not map.pdf"):
        check(Path("map.pdf"))
    with pytest.raises(OutputError, match="at least two texts"):
        draw("map.png", "alone")
    assert draw("map.png", "the same", "the same").is_file()
