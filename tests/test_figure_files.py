"""Are the files of a picture the same on every run, searchable, small, and readable in grey?"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from figure_payloads import KNOWN, flow, missing, slopes, upset
from PIL import Image
from test_figures import CHANCES, HEARD, ODDS, differences, dots

from analysis_lib import figures
from analysis_lib.figures.style import drawable, group_styles
from analysis_lib.payload import Payload

SIZES: dict[str, int | None] = {"helpful": 12, "unhelpful": 7}
ALL = {
    "dots": dots(HEARD),
    "differences": differences(HEARD),
    "forest": ODDS,
    "probabilities": CHANCES,
    "flow": flow([("enrolled", 20, 0, ""), ("analysed", 19, 1, "no material to code")], SIZES),
    "missing": missing({"Age": {"helpful": 4, "unhelpful": 0}}, SIZES),
    "upset": upset(
        {"a": {"helpful": 8, "unhelpful": 2}, "a b": {"helpful": 4, "unhelpful": 5}},
        {"a": "Cold", "b": "Late"},
        SIZES,
    ),
    "slopes": slopes(
        {
            "Cold": {
                "w1": {"helpful": (1, 12), "unhelpful": (5, 7)},
                "w2": {"helpful": (2, 12), "unhelpful": (3, 7)},
            }
        }
    ),
}
each_figure = pytest.mark.parametrize("payload", ALL.values(), ids=list(ALL))
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_two_processes_with_other_hash_seeds_and_settings_give_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import hashlib, test_figure_files as t\n"
        "from analysis_lib import figures as f\n"
        "for name, payload in t.ALL.items():\n"
        "    drawn = f.draw(payload)\n"
        "    files = f.as_svg(drawn).encode() + f.as_png(drawn, dpi=100)\n"
        "    print(name, hashlib.sha256(files).hexdigest())\n"
    )
    here = Path(__file__).parent
    found = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        own = tmp_path / seed
        own.mkdir()
        (own / "matplotlibrc").write_text(f"font.size: {5 + int(seed)}\nsavefig.dpi: {seed}00\n")
        env = os.environ | {
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "MATPLOTLIBRC": str(own),
            "PYTHONPATH": str(here),
        }
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=here.parent, env=env, capture_output=True, text=True, check=True
        )
        found.append(done.stdout)
    assert found[0] == found[1]
    assert len(found[0].splitlines()) == len(ALL)


def test_it_does_not_matter_which_file_is_made_first() -> None:
    one, other = figures.draw(ODDS), figures.draw(ODDS)
    svg, png = figures.as_svg(one), figures.as_png(one, dpi=80)
    assert (figures.as_png(other, dpi=80), figures.as_svg(other)) == (png, svg)


@each_figure
def test_an_svg_is_well_formed_and_points_nowhere(payload: Payload) -> None:
    svg = figures.as_svg(figures.draw(payload))
    ET.fromstring(svg)
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == NAMESPACES
    assert "<image" not in svg
    assert "font-face" not in svg


@each_figure
def test_ids_of_a_picture_stand_once_and_in_no_other_picture(payload: Payload) -> None:
    ids = {name: re.findall(r' id="([^"]+)"', figures.as_svg(figures.draw(one))) for name, one in ALL.items()}
    for found in ids.values():
        assert len(found) == len(set(found))
    assert all(not set(ids[one]) & set(ids[other]) for one, other in combinations(ids, 2))
    svg = figures.as_svg(figures.draw(payload))
    mine = set(re.findall(r' id="([^"]+)"', svg))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) <= mine


def test_every_word_of_a_picture_can_be_searched_and_none_of_them_is_painted_twice() -> None:
    root = ET.fromstring(figures.as_svg(figures.draw(dots(HEARD))))
    space = "{http://www.w3.org/2000/svg}"
    words = [text.text for text in root.iter(f"{space}text")]
    assert {"Felt heard", "Helpful", "(n = 2)", "0/2", "3/4"} <= set(words)
    (layer,) = [group for group in root.iter(f"{space}g") if group.find(f"{space}text") is not None]
    assert (layer.get("fill"), layer.get("stroke")) == ("none", "none")


def test_a_file_alone_says_its_question_and_its_text_alternative() -> None:
    svg = figures.as_svg(figures.draw(dots(HEARD)))
    assert f"<title>{figures.question(dots(HEARD))}</title>" in svg
    assert f"<desc>{figures.alt_text(dots(HEARD))}</desc>" in svg
    assert svg.startswith('<svg role="img"')


@each_figure
def test_an_svg_of_a_few_marks_is_smaller_than_sixty_kilobytes(payload: Payload) -> None:
    assert len(figures.as_svg(figures.draw(payload))) < 60_000


def test_a_png_for_print_is_175_mm_wide_at_300_dots_per_inch() -> None:
    image = Image.open(io.BytesIO(figures.as_png(figures.draw(ODDS))))
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert image.width / 300 * 25.4 == pytest.approx(175, abs=25.4 / 300)


def test_a_png_of_few_colours_loses_none_of_them() -> None:
    figure = figures.draw(ALL["flow"])
    stored = Image.open(io.BytesIO(figures.as_png(figure, dpi=100)))
    assert stored.mode == "P"
    buffer = io.BytesIO()
    with figures.style.house_style():
        figure.savefig(buffer, format="png", dpi=100)
    whole = np.asarray(Image.open(buffer).convert("RGB"))
    assert np.array_equal(np.asarray(stored.convert("RGB")), whole)


# Grey


def lightness(colour: tuple[int, int, int]) -> float:
    """CIE 1976 lightness of the grey that a colour is printed as, 0 to 100."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)
    ]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_the_marks_of_up_to_six_groups_stay_apart_on_a_grey_print_and_keep_three_to_one_on_white() -> None:
    payload = dots({"Felt heard": dict.fromkeys(KNOWN, (20, 40))})
    image = Image.open(io.BytesIO(figures.as_png(figures.draw(payload), dpi=200))).convert("RGB")
    counted = {colour: n for n, colour in image.getcolors(1 << 24) or []}
    seen = {}
    for group, (colour, _) in group_styles(list(KNOWN)).items():
        rgb = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
        assert counted.get(rgb, 0) > 50, group  # it is in the picture, unmixed
        seen[group] = lightness(rgb)
    white_at_three_to_one = 116 * ((1.05 / 3) - 0.05) ** (1 / 3) - 16
    assert max(seen.values()) <= white_at_three_to_one
    for one, other in combinations(seen, 2):
        assert abs(seen[one] - seen[other]) >= 8, (one, other)


def test_each_group_has_a_marker_and_a_hatching_or_a_lightness_of_its_own() -> None:
    styles = group_styles(list(KNOWN))
    assert len({marker for _, marker in styles.values()}) == 6


# Letters


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Felt heard", "Felt heard"),
        ("Zażółć gęślą jaźń", "Zażółć gęślą jaźń"),
        ("\N{CJK UNIFIED IDEOGRAPH-6CBB}\N{CJK UNIFIED IDEOGRAPH-7597}", "[U+6CBB U+7597]"),
        ("a \N{BROKEN HEART}\N{VARIATION SELECTOR-16} b", "a [broken heart] b"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}abc\N{POP DIRECTIONAL FORMATTING}", "abc"),
        ("a\tb", "a b"),
        ("\N{DEVANAGARI LETTER NA}\N{DEVANAGARI VOWEL SIGN AA}", "[U+0928 U+093E]"),
    ],
)
def test_what_the_typeface_lacks_is_named_or_numbered_in_brackets(label: str, shown: str) -> None:
    assert drawable(label) == shown


ARABIC = "\u0627\u0644\u0645\u0639\u0627\u0644\u062c"
HEBREW = "\u05d4\u05de\u05d8\u05e4\u05dc"


@pytest.mark.parametrize(
    "label",
    ["\N{CJK UNIFIED IDEOGRAPH-6CBB}", "\N{BROKEN HEART}", "\U0001f469\u200d\u2695\ufe0f", ARABIC, HEBREW],
)
def test_no_label_makes_matplotlib_warn_or_draw_a_box(label: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = figures.draw(dots({label: HEARD["Felt heard"]}))
        svg, png = figures.as_svg(figure), figures.as_png(figure, dpi=60)
    assert png
    assert f">{drawable(label)}</text>" in svg


def test_the_caption_says_what_the_brackets_mean_only_where_there_are_any() -> None:
    lacking = dots({"\N{CJK UNIFIED IDEOGRAPH-6CBB}": HEARD["Felt heard"]})
    assert "In square brackets: characters that the typeface lacks" in figures.caption(lacking)
    assert "brackets" not in figures.caption(dots({"[heard]": HEARD["Felt heard"]}))
