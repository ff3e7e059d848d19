import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.image import imread

from nlpcli.errors import UsageError
from nlpcli.records.inspection import Kind
from nlpcli.views.attention.arrays import named_arrays
from nlpcli.views.attention.figure import check, save_figure
from views.attention.samples import decoder, encoder, inspection_of, map_of, translation


def texts_of(path):
    return [element.text for element in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("make", [encoder, decoder, translation], ids=lambda make: make.__name__)
def test_a_png_is_a_picture_with_something_on_it(make, tmp_path):
    save_figure(make(), tmp_path / "heads.png")
    pixels = imread(tmp_path / "heads.png")
    assert pixels.shape[0] > 1000
    assert pixels[..., :3].std() > 0.1


def test_an_svg_holds_its_tokens_as_text(tmp_path):
    save_figure(encoder(), tmp_path / "heads.svg")
    texts = texts_of(tmp_path / "heads.svg")
    assert {"猫", "<script>", "⏎", "tiny: self-attention", "layer 0, head 0: previous token 0.94"} <= set(texts)
    assert "<script" not in (tmp_path / "heads.svg").read_text(encoding="utf-8")


def test_the_same_text_gives_the_same_bytes(tmp_path):
    for name in ("a.svg", "b.svg"):
        save_figure(encoder(), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_rollout_and_gradient_are_named(tmp_path):
    save_figure(encoder(rollout=np.eye(15, dtype=np.float32)), tmp_path / "a.svg")
    assert "attention rollout through layers 0 to 1" in texts_of(tmp_path / "a.svg")
    graded = inspection_of(map_of(Kind.SELF, "abcd", "abcd", gradient=np.full((2, 4, 4, 4), 0.25, np.float32)))
    save_figure(graded, tmp_path / "b.svg")
    assert any(text.startswith("gradient × attention, layer") for text in texts_of(tmp_path / "b.svg"))


def test_only_png_and_svg_are_drawn(tmp_path):
    with pytest.raises(UsageError, match="--png draws .png or .svg, not a.gif"):
        check(tmp_path / "a.gif")


def test_arrays_have_the_names_of_the_contract():
    arrays = named_arrays(translation())
    assert {name: array.shape for name, array in arrays.items()} == {
        "tokens": (6,), "output_tokens": (6,), "attention": (2, 4, 6, 6), "layers": (2,), "heads": (4,),
        "cross_attention": (2, 4, 6, 6), "cross_layers": (2,), "cross_heads": (4,),
    }  # fmt: skip
    assert arrays["tokens"].dtype.kind == "U"
