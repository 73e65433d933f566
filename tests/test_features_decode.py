"""Pictures of every kind, sound and broken, as `decode` meets them."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from florilegium.errors import ItemError, SettingError
from florilegium.features.decode import FORMATS, PIXELS_VARIABLE, decode, decode_with_header, max_pixels_allowed
from florilegium.types import Octets

RED, WHITE = (255, 0, 0), (255, 255, 255)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Give an image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners(height: int = 30, width: int = 40) -> Octets:
    """Give a picture whose four quarters differ, so that every turn shows."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, width // 2 :] = (255, 0, 0)
    pixels[height // 2 :, : width // 2] = (0, 255, 0)
    pixels[height // 2 :, width // 2 :] = (0, 0, 255)
    return pixels


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind not in {"JPEG", "MPO", "GIF", "AVIF", "WEBP"}])
def test_lossless_formats_give_the_very_pixels(kind: str) -> None:
    """A picture saved without loss comes back pixel by pixel."""
    assert np.array_equal(corners(), decode(saved(Image.fromarray(corners()), kind)))


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "GIF", "AVIF", "WEBP"])
def test_lossy_formats_come_close(kind: str) -> None:
    """Formats that lose something still give the picture: 3 levels of 255 on average."""
    given = decode(saved(Image.fromarray(corners(64, 64)), kind)).astype(int)

    assert np.abs(given - corners(64, 64)).mean() < 3


# By hand from EXIF 2.32, tag 274: which stored corner is seen at the top left, and which at the top right.
SEEN = {1: (0, 1), 2: (1, 0), 3: (3, 2), 4: (2, 3), 5: (0, 2), 6: (2, 0), 7: (3, 1), 8: (1, 3)}


@pytest.mark.parametrize("orientation", sorted(SEEN))
def test_exif_orientation_turns_the_picture_upright(orientation: int) -> None:
    """Each of the eight EXIF orientations is undone."""
    exif = Image.Exif()
    exif[274] = orientation
    stored = corners()
    colours = [tuple(stored[y, x]) for y in (0, -1) for x in (0, -1)]

    seen, header = decode_with_header(saved(Image.fromarray(stored), exif=exif))

    assert tuple(colours[i] for i in SEEN[orientation]) == (tuple(seen[0, 0]), tuple(seen[0, -1]))
    assert orientation == header.orientation


def test_transparent_pixels_show_white_paper() -> None:
    """Alpha is laid over white: half transparent red becomes (255, 127, 127), transparent black becomes white."""
    pixels = np.array([[(255, 0, 0, 255), (255, 0, 0, 128), (0, 0, 0, 0)]], dtype=np.uint8)

    assert np.array_equal([[RED, (255, 127, 127), WHITE]], decode(saved(Image.fromarray(pixels))))


@pytest.mark.parametrize("mode", ["P", "LA", "RGB"])
def test_other_kinds_of_transparency_show_white_paper_too(mode: str) -> None:
    """A palette's transparent colour, gray with alpha, and a transparent colour of RGB all end on white."""
    if mode == "LA":
        octets = saved(Image.merge("LA", (Image.new("L", (2, 2), 0), Image.new("L", (2, 2), 0))))
    elif mode == "P":
        octets = saved(Image.new("P", (2, 2), 0), transparency=0)
    else:
        octets = saved(Image.new("RGB", (2, 2), (1, 2, 3)), transparency=(1, 2, 3))

    assert (decode(octets) == 255).all()


def test_cmyk_becomes_rgb() -> None:
    """Full cyan without black is (0, 255, 255), and full black is black."""
    cyan = decode(saved(Image.new("CMYK", (2, 2), (255, 0, 0, 0)), "TIFF"))
    black = decode(saved(Image.new("CMYK", (2, 2), (0, 0, 0, 255)), "TIFF"))

    assert tuple(cyan[0, 0]) == (0, 255, 255)
    assert tuple(black[0, 0]) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_keep_both_ends_of_their_range(kind: str) -> None:
    """0 stays black, 65535 becomes white, and the middle stays the middle, instead of all being cut at 255."""
    levels = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)

    assert decode(saved(Image.fromarray(levels), kind))[0, :, 0].tolist() == [0, 1, 128, 255]


def test_one_bit_is_black_and_white() -> None:
    """A fax-like picture has the levels 0 and 255."""
    bits = Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).convert("1")

    assert decode(saved(bits))[0, :, 0].tolist() == [0, 255]


def test_an_animation_gives_its_first_frame_and_says_so() -> None:
    """Only the first frame counts, and the header tells that there are more."""
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 0, 255))]
    octets = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)

    pixels, header = decode_with_header(octets)

    assert tuple(pixels[0, 0]) == RED
    assert header.n_frames_more


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@given(width=st.integers(1, 600), height=st.integers(1, 600), short=st.integers(1, 200))
def test_reduced_decoding_never_goes_below_the_short_side(kind: str, width: int, height: int, short: int) -> None:
    """A picture may come out smaller, but never below what was asked for, and never larger than it is."""
    if max(width, height) > 60 * min(width, height):
        return
    pixels = decode(saved(Image.new("RGB", (width, height)), kind), short_side=short)

    assert min(pixels.shape[:2]) >= min(short, width, height)
    assert pixels.shape[0] <= height
    assert pixels.shape[1] <= width


@pytest.mark.parametrize("side", [511, 512, 513, 1023, 1024, 2050])
def test_jpeg_and_png_are_reduced_alike(side: int) -> None:
    """The same picture gives the same size whatever its format is."""
    image = Image.new("RGB", (side, side + 100), RED)

    assert decode(saved(image, "PNG")).shape == decode(saved(image, "JPEG")).shape


FOREIGN = {
    "empty": (b"", "empty"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "svg after a declaration": (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><svg/>", "SVG"),
    "heic": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
    "web page": (b"<!DOCTYPE html><html>404</html>", "web page"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "pdf": (b"%PDF-1.7", "PDF"),
    "text": (b"hello", "not a picture"),
    "icon": (saved(Image.new("RGB", (16, 16)), "ICO"), "not one of"),
    "floating point": (saved(Image.new("F", (2, 2)), "TIFF"), "floating-point"),
    "a line": (saved(Image.new("L", (20_000, 1))), "longer than"),
}


@pytest.mark.parametrize("case", sorted(FOREIGN))
def test_what_is_no_picture_is_refused_with_a_reason_and_a_cure(case: str) -> None:
    """Each foreign file is named for what it is, and the message ends with what to do."""
    octets, reason = FOREIGN[case]
    with pytest.raises(ItemError, match=reason) as caught:
        decode(octets)

    assert str(caught.value).count(". ") >= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    """Half a file is an error, not half a picture."""
    octets = saved(Image.effect_noise((128, 128), 90).convert("RGB"), kind)
    with pytest.raises(ItemError):
        decode(octets[: len(octets) // 2])


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    """A PNG that claims 60,000 x 60,000 pixels is refused before any of them is decoded."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    octets = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(ItemError, match=PIXELS_VARIABLE):
        decode(octets + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")))


def test_the_limit_on_pixels_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stated limit holds, for one call or for all, and a limit that is no number is refused."""
    with pytest.raises(ItemError, match="at most 100 "):
        decode(saved(Image.new("L", (11, 10))), max_pixels=100)
    monkeypatch.setenv(PIXELS_VARIABLE, "1000")
    assert max_pixels_allowed() == 1000
    monkeypatch.setenv(PIXELS_VARIABLE, "many")
    with pytest.raises(SettingError, match="many"):
        max_pixels_allowed()


def test_a_missing_file_and_a_folder_are_item_errors(tmp_path: Path) -> None:
    """What cannot be opened is said in words."""
    for path in (tmp_path / "none.jpg", tmp_path, Path("a\0b.jpg")):
        with pytest.raises(ItemError, match="cannot be read"):
            decode(path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    """Opening a pipe that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(ItemError, match="pipe"):
        decode(tmp_path / "a.jpg")


def test_a_file_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    """A file of 3 GB (a hole, here) is refused before it fills the memory."""
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(ItemError, match="3,000,000,000 bytes"):
        decode(tmp_path / "a.jpg")


def test_a_limit_above_pillows_own_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who raises the limit on purpose is not stopped by Pillow's; who does not is told of ours."""
    octets = saved(Image.new("1", (64, 64)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ItemError, match="at most 900"):
        decode(octets, max_pixels=900)

    assert decode(octets, max_pixels=5000).shape == (64, 64, 3)


def broken(*_: object) -> None:
    """Fail as a parser does on bytes that it was not written for."""
    raise IndexError


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow's own words, on standard error
def test_damaged_exif_data_do_not_spoil_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera's broken notes are ignored, whatever they make Pillow do; the picture is sound."""
    octets = saved(Image.fromarray(corners(64, 64)), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + b"\xff" * 40)
    pixels, header = decode_with_header(octets)

    assert pixels.shape == (64, 64, 3)
    assert (header.orientation, header.exif) == (0, True)
    monkeypatch.setattr(Image.Exif, "get_ifd", broken)
    assert not decode_with_header(octets)[1].thumbnail


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that memory does not hold is a fault of its own, not the end of the run."""

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", full)
    with pytest.raises(ItemError, match="memory"):
        decode(saved(Image.new("L", (4, 4))))


@given(st.binary(max_size=200), st.sampled_from([saved(Image.new("RGB", (9, 9)), kind) for kind in FORMATS]), st.data())
def test_hostile_bytes_never_raise_anything_else(noise: bytes, octets: bytes, data: st.DataObject) -> None:
    """Whatever is written into a file, decoding gives pixels or an ItemError."""
    at = data.draw(st.integers(0, len(octets)))
    try:
        pixels = decode(octets[:at] + noise + octets[at + len(noise) :])
    except ItemError:
        return

    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 3
