"""The page in a real browser. Screenshots are kept in NLPCLI_TEST_SCREENSHOTS, or in pytest's temporary folder."""

import base64
import json
import os
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from browser import Browser, find

from nlpcli.errors import OutputError
from nlpcli.pipelines.attention.comparison import compare
from nlpcli.pipelines.attention.measures import summarize_heads
from nlpcli.records.inspection import AttentionMap, Inspection, Kind, Token
from nlpcli.views.attention import page
from nlpcli.views.attention.page import make_page, save_page
from views.attention.samples import decoder, encoder, inspection_of, translation

HOSTILE = (
    "<script>",
    "</script>",
    "<!--",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "$title ${data}",
    "\u2028\x00",
    "猫",
)


def hostile():
    texts = tuple(Token(text) for text in HOSTILE)
    weights = np.full((1, 1, len(texts), len(texts)), 1 / len(texts), np.float32)
    return inspection_of(
        AttentionMap(Kind.SELF, texts, texts, (0,), (0,), weights, np.ones(weights.shape[1:], bool)),
        model="</title><script>alert(1)",
    )


def large():
    """12 layers × 12 heads at 128 tokens, as hard to compress as weights get."""
    weights = np.random.default_rng(0).dirichlet(np.full(128, 0.3), size=(12, 12, 128)).astype(np.float32)
    texts = tuple(Token(f"t{place}") for place in range(128))
    visible = np.ones((12, *weights.shape[2:]), bool)
    return inspection_of(AttentionMap(Kind.SELF, texts, texts, tuple(range(12)), tuple(range(12)), weights, visible))


def data_in(text):
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(data)


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory):
    chosen = os.environ.get("NLPCLI_TEST_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if os.name == "nt":
        pytest.skip("the browser is driven over inherited descriptors, which Windows numbers in another way")
    if (program := find()) is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium, or name one in NLPCLI_TEST_CHROMIUM)")
    running = Browser(program, tmp_path_factory.mktemp("profile"))
    yield running
    running.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of an inspection; at the end nothing went wrong in it and nothing left it."""

    def open_page(inspection, width=1400, height=950, scheme="light"):
        save_page(inspection, tmp_path / "page.html")
        browser.resize(width, height)
        browser.prefer(scheme)
        browser.seconds = browser.open(tmp_path / "page.html")
        return browser

    yield open_page
    assert browser.complaints() == []
    assert browser.requests() == [(tmp_path / "page.html").as_uri()]


def picture(browser):
    """The pixels of the matrix."""
    return browser.value("document.getElementById('matrix').toDataURL()")


def cell(browser, row, column):
    """Where a cell of the matrix is in the window."""
    box = browser.value(
        "(() => { const b = document.getElementById('matrix').getBoundingClientRect();"
        f" return [b.left + matrix.left + {column + 0.5} * matrix.cell, b.top + matrix.top + {row + 0.5} * matrix.cell]; }})()"
    )
    return box[0], box[1]


def text_of(browser, selector):
    return browser.value(f"document.querySelector({json.dumps(selector)}).textContent")


def test_choosing_a_head_changes_the_picture(opened, screenshots):
    browser = opened(encoder())
    browser.screenshot(screenshots / "matrix-light.png")
    before, facts = picture(browser), text_of(browser, "#facts")
    browser.click(*browser.middle_of('.head[data-place="5"]'))
    assert picture(browser) != before
    assert text_of(browser, "#facts") != facts
    assert text_of(browser, "#facts h2") == "layer 1, head 1"
    browser.click(*browser.middle_of('.head[data-place="0"]'))
    browser.move(5, 5)
    assert picture(browser) == before


def test_the_first_head_shown_is_one_that_does_something(opened):
    assert text_of(opened(encoder()), "#facts .pattern") == "previous token 0.94"


def test_hovering_a_cell_shows_its_weight(opened, screenshots):
    browser = opened(encoder())
    weights = encoder().maps[0].weights[0, 0]
    for row, column in ((2, 1), (3, 2), (14, 14)):
        browser.move(*cell(browser, row, column))
        shown = text_of(browser, "#tip")
        assert f"[{row}] → " in shown
        assert f"[{column}]" in shown
        assert float(shown.split()[-1]) == pytest.approx(weights[row, column], abs=0.005)
        assert shown.replace("\u2068", "").replace("\u2069", "") == text_of(browser, "#status")
    browser.screenshot(screenshots / "hover.png")
    browser.move(5, 5)
    assert browser.value("document.getElementById('tip').hidden")


def test_a_click_holds_a_token_and_shades_what_it_attends_to(opened):
    browser = opened(encoder())
    browser.click(*browser.middle_of('#strip .token[data-position="2"]'))
    browser.move(5, 5)
    shaded = (
        "[...document.querySelectorAll('#strip .token')].filter((t) => t.style.background).map((t) => t.textContent)"
    )
    assert "一只" in browser.value(shaded)
    assert text_of(browser, "#strip .chosen") == "猫"
    assert text_of(browser, "#status").startswith("猫 →  一只 0.9")
    browser.click(*browser.middle_of('#strip .token[data-position="2"]'))
    browser.move(5, 5)
    assert browser.value(shaded) == []


def test_the_lines_view_draws_the_lines_of_the_held_token(opened, screenshots):
    browser = opened(translation(), scheme="dark")
    browser.click(*browser.middle_of("#as-lines"))
    lines = "document.querySelector('#lines canvas').toDataURL()"
    everything = browser.value(lines)
    browser.click(*browser.middle_of('#lines .token[data-side="row"][data-position="1"]'))
    assert browser.value(lines) != everything
    assert browser.value("document.getElementById('matrix').hidden")
    browser.screenshot(screenshots / "lines-dark.png")


def test_the_kinds_of_attention_are_tabs_with_the_cross_attention_first(opened):
    browser = opened(translation())
    assert browser.value("[...document.querySelectorAll('#sections button')].map((b) => b.textContent)") == [
        "Cross",
        "Self",
    ]
    assert browser.value("document.querySelectorAll('#strip [data-side=column]').length") == 6
    browser.click(*browser.middle_of("#sections button:nth-child(2)"))
    assert text_of(browser, "#grid-title").startswith("self-attention")


def test_what_a_causal_model_does_not_see_is_no_zero(opened):
    browser = opened(decoder(12))
    browser.move(*cell(browser, 3, 9))
    assert text_of(browser, "#tip").endswith("not seen")


def test_search_finds_tokens_and_enter_goes_from_one_to_the_next(opened, screenshots):
    browser = opened(decoder(24))
    browser.press("/")
    browser.type("天")
    assert text_of(browser, "#hits") == "6 hits"
    assert browser.value("document.querySelectorAll('#strip .found').length") == 6
    browser.press("Enter")
    browser.press("Enter")
    assert text_of(browser, "#hits") == "2 of 6"
    assert browser.value("document.querySelector('#strip .chosen').dataset.position") == "1"
    browser.screenshot(screenshots / "search.png")
    browser.press("Escape")
    assert text_of(browser, "#hits") == ""
    assert browser.value("document.querySelectorAll('.found, .chosen').length") == 0


def test_everything_can_be_done_by_keyboard(opened):
    browser = opened(encoder())
    browser.value("document.querySelector('.head[aria-selected=true]').focus()")
    browser.press("ArrowRight")
    browser.press("ArrowDown")
    assert text_of(browser, "#facts h2") == "layer 1, head 1"
    browser.press("ArrowDown")  # there is no layer below
    assert text_of(browser, "#facts h2") == "layer 1, head 1"
    browser.value("document.getElementById('matrix').focus()")
    browser.press("ArrowDown")
    browser.press("ArrowRight")
    assert "[1] → " in text_of(browser, "#tip")
    browser.press("Enter")
    browser.value("document.activeElement.blur()")
    assert text_of(browser, "#strip .chosen") == "一只"
    browser.press("l")
    assert browser.value("document.getElementById('lines').hidden") is False
    browser.press("m")
    assert browser.value("document.getElementById('matrix').hidden") is False


def test_dark_and_light_follow_the_machine_and_the_button(opened, screenshots):
    browser = opened(encoder(), scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = browser.value(background)
    browser.screenshot(screenshots / "matrix-dark.png")
    browser.press("t")
    light = browser.value(background)
    assert light != dark
    browser.press("t")
    assert browser.value(background) == dark
    browser.prefer("light")
    assert opened(encoder()).value(background) == light


def test_a_pattern_of_the_legend_picks_out_its_heads(opened):
    browser = opened(encoder())
    browser.click(*browser.middle_of("#legend button"))
    assert browser.value("document.querySelectorAll('.head.dim').length") == 4


def test_a_narrow_window_shows_one_column_and_nothing_beside_it(opened, screenshots):
    browser = opened(encoder(), width=420, height=900)
    assert browser.value("document.documentElement.scrollWidth") <= 420
    browser.screenshot(screenshots / "narrow.png")


def test_text_stays_text(opened):
    browser = opened(hostile())
    shown = browser.value("[...document.querySelectorAll('#strip .token')].map((t) => t.textContent)")
    assert shown == list(HOSTILE)
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.value("document.title") == "</title><script>alert(1): attention"
    assert text_of(browser, "#name").startswith("</title><script>alert(1)")


def test_no_token_ends_the_script_that_it_lies_in():
    class Scripts(HTMLParser):
        count = 0

        def handle_starttag(self, tag, attributes):
            self.count += tag == "script"

    parser = Scripts()
    parser.feed(make_page(hostile()))
    assert parser.count == 2
    assert [token["text"] for token in data_in(make_page(hostile()))["sections"][0]["rows"]] == list(HOSTILE)


def test_twelve_by_twelve_heads_at_128_tokens_open_in_two_seconds_and_stay_under_5_mb(opened, screenshots, tmp_path):
    browser = opened(large())
    assert (tmp_path / "page.html").stat().st_size < 5_000_000
    assert browser.seconds < 2 or min(browser.open(tmp_path / "page.html") for _ in range(5)) < 2
    browser.screenshot(screenshots / "large.png")


def test_weights_in_the_page_are_within_half_a_percent():
    (section,) = data_in(make_page(encoder()))["sections"]
    levels = np.frombuffer(zlib.decompress(base64.b64decode(section["data"])), np.uint8)
    found = (levels / 255.0) ** 2 * section["largest"]
    np.testing.assert_allclose(found.reshape(2, 4, 15, 15), encoder().maps[0].weights, atol=0.004)


def test_rollout_and_gradients_have_their_place():
    rolled = data_in(make_page(encoder(rollout=np.eye(15, dtype=np.float32))))["sections"]
    assert [section["name"] for section in rolled] == ["Rollout", "Self"]
    graded = data_in(make_page(encoder(gradient=encoder().maps[0].weights * 3)))["sections"]
    assert graded[0]["unit"] == "gradient × attention"
    assert graded[0]["largest"] == pytest.approx(3 * float(encoder().maps[0].weights.max()))


def test_a_rollout_is_a_page_that_opens(opened):
    browser = opened(encoder(rollout=np.eye(15, dtype=np.float32)))
    assert text_of(browser, "#facts h2") == "attention rollout"


def test_nothing_in_the_page_points_outside():
    text = make_page(encoder())
    assert re.findall(r"https?://|//[a-z]+\.|@import|url\(|<link(?! rel=\"icon\" href=\"data:,\")", text) == []


def test_what_no_browser_could_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "MOST_WEIGHTS", 100)
    with pytest.raises(OutputError, match=r"1,800 weights are too many for a page \(at most 100\); choose heads"):
        save_page(encoder(), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_large_page_is_announced(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(page, "LARGE_PAGE", 1000)
    save_page(encoder(), tmp_path / "page.html")
    assert "--layer and --head make it smaller" in caplog.text


def test_summaries_are_those_of_the_measures():
    map_ = encoder().maps[0]
    inspection = Inspection("m", map_.keys, (map_,), tuple(summarize_heads(map_, 0)))
    (section,) = data_in(make_page(inspection))["sections"]
    assert [summary["pattern"] for summary in section["summaries"]] == [head.pattern for head in inspection.heads]


def random_heads(words, **more):
    weights = np.random.default_rng(1).dirichlet(np.full(len(words), 0.15), size=(2, 3, len(words))).astype(np.float32)
    texts = tuple(Token(word, special=word.startswith("[C")) for word in words)
    visible = np.ones((2, len(words), len(words)), bool)
    return AttentionMap(Kind.SELF, texts, texts, (0, 1), (0, 1, 2), weights, visible, **more)


def inked(browser, side):
    """How many of the rows (or columns) beside the cells have ink where their names are."""
    names = browser.value(
        "(() => { const c = document.getElementById('matrix');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, m = matrix, found = [];"
        " const ink = (x, y, w, h) => { for (let r = Math.floor(y); r < y + h; r++) for (let k = Math.floor(x); k < x + w; k++)"
        "   if (d[(r * c.width + k) * 4 + 3] > 60) return true; return false; };"
        " for (let i = 0; i < state.section.rows.length; i++) found.push("
        "   [ink(0, m.top + i * m.cell, m.left - 6, m.cell), ink(m.left + i * m.cell, 0, m.cell, m.top - 5)]);"
        " return found; })()"
    )
    return sum(name[side == "column"] for name in names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sixty_tokens_have_all_their_names_and_two_hundred_every_third(opened, screenshots, scheme):
    browser = opened(inspection_of(random_heads([f"word{n}" for n in range(60)])), scheme=scheme)
    assert (inked(browser, "row"), inked(browser, "column")) == (60, 60)
    browser.screenshot(screenshots / f"sixty-{scheme}.png")
    browser = opened(inspection_of(random_heads([f"word{n}" for n in range(200)])), scheme=scheme)
    assert inked(browser, "row") >= 60
    assert browser.value("step()") == 3
    browser.screenshot(screenshots / f"two-hundred-{scheme}.png")


def test_cells_grow_and_the_names_stay_at_the_edge(opened, screenshots):
    browser = opened(inspection_of(random_heads([f"word{n}" for n in range(100)])))
    small = browser.value("matrix.cell")
    for _ in range(5):
        browser.press("+")
    assert browser.value("matrix.cell") > 2 * small
    browser.value("document.getElementById('picture').scrollTo(600, 400)")
    browser.value("drawMatrix()")
    assert browser.value(
        "(() => { const x = document.getElementById('matrix').getContext('2d'), b = document.getElementById('picture');"
        " const d = x.getImageData(b.scrollLeft, b.scrollTop + matrix.top, matrix.left - 8, 300).data;"
        " return d.some((v, k) => k % 4 === 0 && v < 120); })()"
    )
    browser.screenshot(screenshots / "zoomed.png")
    browser.press("0")
    assert browser.value("matrix.cell") == small
    browser.press("-")
    assert browser.value("matrix.cell") < small


def test_what_is_written_from_right_to_left_runs_so(opened, screenshots):
    browser = opened(inspection_of(random_heads(["[CLS]", "החתול", "ישב", "על", "השטיח", "##ים", "."])))
    places = "[...document.querySelectorAll('#strip .token')].map((t) => t.getBoundingClientRect().left)"
    lefts = browser.value(places)
    assert lefts == sorted(lefts, reverse=True)
    browser.screenshot(screenshots / "right-to-left.png")
    lefts = opened(encoder()).value(places)[:3]
    assert lefts == sorted(lefts)


def test_rollout_has_no_pattern(opened):
    browser = opened(encoder(rollout=np.eye(15, dtype=np.float32)))
    assert browser.value("document.querySelectorAll('#legend button').length") == 0
    assert "mixed" not in browser.value("document.querySelector('main').textContent")


def test_a_nan_says_so(opened, screenshots):
    map_ = random_heads(["a", "b", "c", "d"])
    heads = inspection_of(map_).heads
    map_.weights[0, 0, 1, 2] = np.nan
    browser = opened(Inspection("m", map_.keys, (map_,), heads))
    assert text_of(browser, "#broken").startswith("1 of these numbers are NaN or infinite")
    browser.click(*browser.middle_of('.head[data-place="0"]'))
    browser.move(*cell(browser, 1, 2))
    assert text_of(browser, "#tip").endswith("NaN")
    browser.screenshot(screenshots / "nan.png")
    assert opened(encoder()).value("document.getElementById('broken').hidden")


def test_two_texts_have_tabs_and_a_signed_difference(opened, screenshots):
    first = inspection_of(random_heads(["a", "b", "c", "d"]))
    weights = first.maps[0].weights[:, :, ::-1].copy()
    second = inspection_of(replace(first.maps[0], weights=weights))
    browser = opened(replace(first, comparison=compare(first, second)))
    assert browser.value("[...document.querySelectorAll('#sections button')].map((b) => b.textContent)") == [
        "Self: difference", "Self: first", "Self: second",
    ]  # fmt: skip
    browser.click(*browser.middle_of('.head[data-place="1"]'))
    for row, column in ((0, 0), (2, 3)):
        browser.move(*cell(browser, row, column))
        change = float(weights[0, 1, row, column] - first.maps[0].weights[0, 1, row, column])
        assert float(text_of(browser, "#tip").split()[-1]) == pytest.approx(change, abs=0.02)
    browser.screenshot(screenshots / "difference.png")
