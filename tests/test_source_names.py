"""Names of files survive every trip, and words about sides mean what people mean."""

import json
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from florilegium.source.base import Side
from florilegium.source.names import label_of, original, printable, without_surrogates
from florilegium.source.sides import side_of_words
from florilegium.source.sniff import image_format, why_not

# A POSIX file name is any bytes but NUL and the slash; Python shows it with surrogate escapes.
file_names = (
    st.binary(min_size=1, max_size=30)
    .filter(lambda b: not set(b) & {0, 47})
    .map(lambda b: b.decode("utf-8", "surrogateescape"))
)
any_text = st.text(max_size=30)


@given(file_names)
@example("a\\b.jpg")
@example("\\x41.jpg")
@example("\\u000a")
@example("👩‍🌾 🏴\U000e0067\U000e0062\U000e007f.jpg")
def test_every_file_name_comes_back(name: str) -> None:
    """The printable name of any file leads back to the same bytes."""
    assert os.fsencode(original(printable(name))) == os.fsencode(name)


@given(st.one_of(file_names, any_text), st.one_of(file_names, any_text))
def test_no_two_files_share_a_name(one: str, other: str) -> None:
    """Different file names have different printable names."""
    assert (printable(one) == printable(other)) is (one == other)


@given(file_names)
def test_a_printable_name_can_be_kept_anywhere(name: str) -> None:
    """JSON in UTF-8 and SQLite give back the same name, and a terminal does not obey it."""
    shown = printable(name)

    assert json.loads(json.dumps(shown, ensure_ascii=False).encode()) == shown
    assert sqlite3.connect(":memory:").execute("select ?", (shown,)).fetchone() == (shown,)
    assert not set(shown) & {"\x1b", "\n", "\r", "\u202e"}


@pytest.mark.parametrize(
    "name", ["tulip 🌷.jpg", "ça va.png", "日本.jpg", "with space.png", "family 👩‍👩‍👧.jpg", "می‌خواهم.png"]
)
def test_a_readable_name_stays_as_it_is(name: str) -> None:
    """Spaces, accents, other scripts, emoji and their joiners are left alone."""
    assert printable(name) == name


def test_one_letter_is_one_class_on_every_system() -> None:
    """A folder named on a Mac (e and accent) and one named on Linux (é) are the same class."""
    assert label_of("cafe\u0301") == label_of("caf\u00e9") == "café"


@given(any_text.map(lambda text: text + "\ud83c\udf37\ud800"))
def test_text_for_the_store_is_always_utf8(text: str) -> None:
    """Halves of a pair are joined, lone ones replaced, everything else is kept."""
    assert without_surrogates(text).encode().decode().endswith("🌷\ufffd")


@pytest.mark.parametrize(
    ("words", "sealed"),
    [
        ({"train", "test"}, {"test"}),
        ({"train", "val", "test"}, {"test"}),
        ({"train", "val"}, {"val"}),
        ({"training", "valid"}, {"valid"}),
        ({"train", "dev", "testing"}, {"testing"}),
        ({"train"}, set()),
    ],
)
def test_test_is_sealed_and_validation_only_where_there_is_no_test(words: set[str], sealed: set[str]) -> None:
    """A test set is the sealed one; with it validation is learned from, without it validation is sealed."""
    sides, said = side_of_words(words, what="folder")

    assert {word for word, side in sides.items() if side is Side.TEST} == sealed
    assert all(repr(word) in said[0] for word in sealed)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"GIF89a", "GIF"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "WebP"),
        (b"BM\x00\x10\x00\x00\x00\x00\x00\x00", "BMP"),
        (b"II*\x00", "TIFF"),
        (b"P6\n10 10", "Netpbm"),
        (b"\x00\x00\x00\x1cftypavif", "AVIF"),
        (b"BMW is a car", None),
        (b"P6 is not here", "Netpbm"),
        (b"", None),
    ],
)
def test_content_tells_the_format(head: bytes, kind: str | None) -> None:
    """The first bytes tell a picture's format, whatever its name says."""
    assert image_format(head) == kind


@pytest.mark.parametrize(
    ("head", "ending", "said"),
    [
        (b"", ".jpg", "0 bytes"),
        (b"<?xml version='1.0'?><svg>", ".svg", "SVG"),
        (b"\x00\x00\x00\x18ftypheic", ".jpg", "convert it to JPEG"),
        (b"version https://git-lfs.github.com/spec/v1", ".jpg", "git lfs pull"),
        (b"<!DOCTYPE html><html>", ".jpg", "web page"),
        (b"\x00" * 64, ".jpg", "zeros"),
        (b"hello", ".jpg", "b'hello'"),
    ],
)
def test_a_useless_file_is_explained(head: bytes, ending: str, said: str) -> None:
    """The reason names what the file really is and what to do about it."""
    assert said in why_not(head, ending)


def test_pillow_agrees_about_formats(tmp_path: Path) -> None:
    """What Pillow writes is known by its first bytes, in every format that is read."""
    from PIL import Image

    endings = {
        "JPEG": "jpg",
        "PNG": "png",
        "GIF": "gif",
        "WebP": "webp",
        "BMP": "bmp",
        "TIFF": "tif",
        "Netpbm": "ppm",
        "AVIF": "avif",
    }
    for kind, ending in endings.items():
        Image.new("RGB", (16, 16)).save(tmp_path / f"x.{ending}")

        assert image_format((tmp_path / f"x.{ending}").read_bytes()[:512]) == kind
