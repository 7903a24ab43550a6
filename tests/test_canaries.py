"""Nothing that a study must keep stands in any byte of what is sent: a bundle for co-authors, and one for the public.

Every quote that may not leave, memo, free text, id, name of a coder, document or file carries a word of its own. The
bundles are searched whole: as they stand, unescaped, percent-decoded, base64-decoded, unzipped, and in the texts of
pictures.
"""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import pytest
from canary_study import HELD, ORIGINAL, RELEASED, bundles, hits, readings, sent, write_canary_study
from PIL import Image, PngImagePlugin

from analysis_lib.quotes import clear_quotes
from analysis_lib.release_records import read_records
from analysis_lib.serious_codes import serious_codes
from analysis_lib.wave import load_wave


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_canary_study(tmp_path_factory.mktemp("canaries") / "study")


@pytest.fixture(scope="module")
def sent_bundles(study: Path) -> dict[str, Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(study.parent / "configuration"))
        return bundles(study, study.parent)


@pytest.mark.runs
@pytest.mark.parametrize("profile", ["coauthor", "public"])
def test_no_canary_stands_in_any_byte_of_a_bundle(sent_bundles: dict[str, Path], profile: str) -> None:
    folder = sent_bundles[profile]
    assert {path.suffix for path in sent(folder)} >= {".html", ".docx", ".csv", ".svg", ".png", ".json"}
    assert hits(folder, HELD) == {}


@pytest.mark.runs
@pytest.mark.parametrize("profile", ["coauthor", "public"])
def test_codes_for_clinical_governance_are_listed_in_no_bundle(
    study: Path, sent_bundles: dict[str, Path], profile: str
) -> None:
    assert len(serious_codes(load_wave(study, "w1")).segments) > 10
    assert hits(sent_bundles[profile], ("governance", "serious")) == {}


@pytest.mark.runs
@pytest.mark.parametrize("profile", ["coauthor", "public"])
def test_the_search_finds_what_was_released_in_page_word_file_and_table(
    sent_bundles: dict[str, Path], profile: str
) -> None:
    where = hits(sent_bundles[profile], (RELEASED,))[RELEASED]
    assert {"report.html", "tables.docx", "results/quotes.csv"} <= where


def test_every_kind_of_canary_is_there_to_be_kept(study: Path) -> None:
    text = b"".join(path.read_bytes() + path.name.encode() for path in study.rglob("*") if path.is_file())
    assert [word for word in HELD if word.encode() not in text] == []
    found = clear_quotes(load_wave(study, "w1"))
    assert found["why"].nunique() >= 6
    assert (found["clearance"] == "reviewed").sum() > 10
    assert found["translator"].notna().any()
    assert not found["original"].notna().any()
    assert ORIGINAL in text.decode("utf-8", errors="replace")


@pytest.mark.runs
def test_both_releases_are_on_record_without_a_word(study: Path, sent_bundles: dict[str, Path]) -> None:
    records, unreadable = read_records(study)
    assert ([record.profile for record in records], unreadable) == (["coauthor", "public"], 0)
    assert all(record.people and record.quotes for record in records)
    kept = b"".join(path.read_bytes() for path in (study / ".themewave").rglob("*") if path.is_file())
    assert [word for word in (*HELD, RELEASED) if word.encode() in kept] == []


# The search itself


def packed(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", content)
    return stream.getvalue()


def picture(**texts: str) -> bytes:
    notes = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        notes.add_text(name, text, zip=True)
    stream = io.BytesIO()
    Image.new("L", (2, 2)).save(stream, "PNG", pnginfo=notes)
    return stream.getvalue()


WORD = b"zqcanary and some more to it"


@pytest.mark.parametrize(
    "content",
    [
        WORD,
        b"<p>" + base64.b64encode(WORD) + b"</p>",
        b"data:image/svg+xml,%3Ctext%3E" + b"".join(b"%%%02x" % byte for byte in WORD),
        b"".join(b"&#%d;" % byte for byte in WORD),
        b'"' + b"".join(b"\\u%04x" % byte for byte in WORD) + b'"',
        packed(WORD),
        packed(packed(base64.b64encode(WORD))),
        picture(Description=WORD.decode() * 20),
        b'<img src="data:image/png;base64,' + base64.b64encode(picture(Title=WORD.decode() * 20)) + b'">',
        b'<img src="data:application/zip;base64,' + base64.b64encode(packed(WORD)) + b'">',
    ],
)
def test_the_search_sees_through_every_wrapping(content: bytes) -> None:
    assert any(b"zqcanary" in reading for reading in readings(content))


def test_the_search_sees_other_encodings(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes("zqcanary".encode("utf-16-le"))
    assert hits(tmp_path, ("zqcanary",)) == {"zqcanary": {"page.html"}}
