"""An archive is weighed before anything in it is read."""

from __future__ import annotations

import stat
import zipfile

import pytest

from analysis_lib.errors import StudyError
from analysis_lib.importers import archive as archives
from analysis_lib.importers.archive import open_archive, plain_name


def zipped(path, names, content=b"text"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def code_of(path) -> list[str]:
    with pytest.raises(StudyError) as refused, open_archive(path):
        pass
    return [finding.code for finding in refused.value.findings]


def test_entries_are_found_by_plain_names(tmp_path):
    with open_archive(zipped(tmp_path / "a.zip", ["Sources\\P01.TXT", "Sources/"])) as archive:
        assert list(archive.entries) == ["sources/p01.txt"]
        assert archive.read("sources/p01.txt") == b"text"


def test_composed_and_decomposed_accents_are_one_name():
    assert plain_name("Cafe\u0301") == plain_name("caf\u00e9")


@pytest.mark.parametrize(
    "names",
    [
        ["../out.txt"],
        ["a/../../out.txt"],
        ["/etc/out"],
        ["C:/out"],
        ["a\\..\\..\\out"],
        ["a.txt", "A.TXT"],
        ["s/a", "S/a"],
    ],
)
def test_names_that_lead_elsewhere_or_are_double_are_refused(tmp_path, names):
    assert code_of(zipped(tmp_path / "a.zip", names)) == ["M04"]


def test_a_link_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/hostname")
    assert code_of(tmp_path / "a.zip") == ["M04"]


def test_too_many_entries_are_refused(tmp_path):
    assert code_of(zipped(tmp_path / "a.zip", map(str, range(archives.MAX_ENTRIES + 1)))) == ["M03"]


def test_a_bomb_is_refused(tmp_path):
    assert code_of(zipped(tmp_path / "a.zip", ["a"], b"\0" * 8_000_000)) == ["M03"]


def test_a_list_of_contents_beyond_measure_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", map(str, range(1_000)))
    monkeypatch.setattr(archives, "MAX_LIST_BYTES", 10_000)  # 1,000 entries need some 48,000
    assert code_of(path) == ["M02"]


@pytest.mark.parametrize("keep", [0, 10, 100, -1, -30])
def test_a_truncated_archive_is_refused(tmp_path, keep):
    path = zipped(tmp_path / "a.zip", ["a", "b"], bytes(range(256)) * 8)
    path.write_bytes(path.read_bytes()[:keep])
    assert code_of(path) == ["M02"]


def test_a_protected_archive_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", ["a"])
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # the flag for encryption in the list of contents
    path.write_bytes(raw)
    assert code_of(path) == ["M02"]


def test_a_damaged_entry_is_none_and_the_others_are_read(tmp_path):
    path = zipped(tmp_path / "a.zip", ["a", "b"], bytes(range(256)) * 8)
    raw = bytearray(path.read_bytes())
    raw[60] ^= 255
    path.write_bytes(raw)
    with open_archive(path) as archive:
        assert archive.read("a") is None
        assert archive.read("b") == bytes(range(256)) * 8


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir()])
def test_what_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / "a.zip")
    assert code_of(tmp_path / "a.zip") == ["M01"]


def test_an_error_in_reading_is_not_taken_for_a_damaged_archive(tmp_path):
    with pytest.raises(ValueError, match="ours"), open_archive(zipped(tmp_path / "a.zip", ["a"])):
        raise ValueError("ours")
