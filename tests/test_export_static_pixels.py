"""Browser and Python see the same photo: pixels, probabilities, and the words for what is no picture."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from florilegium import model as models
from florilegium.errors import ItemError
from florilegium.export.static import export_static
from florilegium.features.decode import decode
from florilegium.model.opened import ModelFile
from tests.model_making import write_image_model
from tests.photo_making import a_picture, encoded, png_of, turned
from tests.site_serving import ask, served

pytestmark = pytest.mark.chromium

ALIKE = 1e-3  # how far a probability in the browser may be from Python's (issue 3)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Open a small model of three classes."""
    return models.open_model(write_image_model(tmp_path_factory.mktemp("model") / "three.onnx"))


@pytest.fixture(scope="module")
def page(browser: Browser, model: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open its page."""
    with served(export_static(model, tmp_path_factory.mktemp("pages") / "site").folder) as site:
        tab = browser.new_page()
        tab.goto(site.address)
        yield tab
        tab.close()


def far(page: Page, model: ModelFile, octets: bytes) -> float:
    """Measure the largest difference between the browser's probabilities and Python's."""
    said = ask(page, octets)
    wanted, known = model.predict_arrays([decode(octets, short_side=model.encoder.decode_side)])
    by_class = dict(zip(model.classes, wanted[0].tolist(), strict=True))

    assert said["known"] == known[0]
    return max(float(abs(by_class[one["label"]] - one["probability"])) for one in said["top"])


PICTURES = {
    "JPEG": lambda: encoded(a_picture(), "JPEG"),
    "JPEG, 4:2:0, progressive": lambda: encoded(a_picture(), "JPEG", subsampling=2, progressive=True, quality=60),
    "JPEG, gray": lambda: encoded(a_picture().convert("L"), "JPEG"),
    "JPEG, CMYK": lambda: encoded(a_picture().convert("CMYK"), "JPEG"),
    "JPEG, 3 Mpx": lambda: encoded(a_picture(width=2001, height=1503), "JPEG", quality=90),
    "PNG": lambda: encoded(a_picture(), "PNG"),
    "PNG, gray": lambda: encoded(a_picture().convert("L"), "PNG"),
    "PNG, palette": lambda: encoded(a_picture().quantize(40), "PNG"),
    "PNG, 3 Mpx": lambda: encoded(a_picture(width=2001, height=1503), "PNG"),
    "PNG, 3 Mpx, turned": lambda: encoded(a_picture(width=2001, height=1503), "PNG", exif=turned(6)),
    "WebP, lossy": lambda: encoded(a_picture(), "WEBP", quality=80),
    "WebP, lossless": lambda: encoded(a_picture(), "WEBP", lossless=True),
    "WebP, turned": lambda: encoded(a_picture(width=1021, height=1503), "WEBP", exif=turned(8), lossless=True),
    "GIF": lambda: encoded(a_picture().quantize(64), "GIF"),
    "BMP": lambda: encoded(a_picture(), "BMP"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_browser_and_python_see_the_same_pixels(page: Page, name: str) -> None:
    """Level by level, whatever the format: reduced where large, turned upright, in the same colours."""
    octets = PICTURES[name]()
    wanted = decode(octets)
    found = page.evaluate(PIXELS, base64.b64encode(octets).decode())

    assert (found["height"], found["width"]) == wanted.shape[:2]
    assert found["digest"] == hashlib.sha256(wanted.tobytes()).hexdigest()


# Runs in the page: decodes as its worker does, and gives the SHA-256 of the pixels.
PIXELS = """async (base64) => {
  const { pixelsOf } = await import("./picture.js");
  const octets = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const packed = await fetch("./jpeg.wasm.gz");
  const plain = new Response(packed.body.pipeThrough(new DecompressionStream("gzip")));
  const jpeg = await WebAssembly.compile(await plain.arrayBuffer());
  const { data, width, height } = await pixelsOf(new Blob([octets]), { shortSide: 8, jpeg });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return { width, height, digest: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}"""


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_upright(page: Page, orientation: int) -> None:
    """All eight orientations of EXIF are undone as Python undoes them."""
    octets = encoded(a_picture(width=600, height=531), "JPEG", exif=turned(orientation))
    wanted = decode(octets)

    assert (
        page.evaluate(PIXELS, base64.b64encode(octets).decode())["digest"]
        == hashlib.sha256(wanted.tobytes()).hexdigest()
    )


def test_transparency_shows_white(page: Page, model: ModelFile) -> None:
    """What lies behind a transparent picture is white, in the browser as in Python."""
    picture = a_picture().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))

    assert far(page, model, encoded(picture, "PNG")) < ALIKE


@pytest.mark.data
def test_browser_and_python_agree_on_photos(
    browser: Browser, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On 50 real photos no probability differs by more than 0.001; the model is MobileNetV2 with a made-up head."""
    from florilegium.features import backbone

    path = write_image_model(
        tmp_path_factory.mktemp("photos") / "photos.onnx", encoder=backbone("mobilenetv2_100_tf"), temperature=20.0
    )
    model = models.open_model(path)
    photos = sorted((data / "flowers20" / "images").rglob("*.jpg"))[::39][:50]
    with served(export_static(model, path.parent / "site").folder) as site:
        page = browser.new_page()
        page.goto(site.address)
        gaps = [far(page, model, photo.read_bytes()) for photo in photos]
        page.close()

    assert max(gaps) < ALIKE


SAME_WORDS = {
    "nothing": b"",
    "a web page": b"\xef\xbb\xbf <!DOCTYPE html><html>",
    "XML": b'<?xml version="1.0"?><a/>',
    "SVG": b'<?xml version="1.0"?><svg/>',
    "Git LFS": b"version https://git-lfs.github.com/spec/v1",
    "PDF": b"%PDF-1.7",
    "Photoshop": b"8BPS",
    "ZIP": b"PK\x03\x04",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "a line": png_of(20_000, 100),
    "half a PNG": encoded(a_picture(), "PNG")[:3000],
}


@pytest.mark.parametrize("name", SAME_WORDS)
def test_what_is_no_picture_is_said_in_the_same_words(page: Page, name: str) -> None:
    """A file that cannot be read is answered with the sentence that Python has for it."""
    with pytest.raises(ItemError) as refused:
        decode(SAME_WORDS[name])

    assert ask(page, SAME_WORDS[name], name="a") == {"input": "a", "error": str(refused.value)}


OWN_WORDS = {
    "text": (b"hello", "not a picture, or not one of JPEG, PNG, GIF, BMP, WEBP, AVIF."),
    "TIFF": (encoded(a_picture(), "TIFF"), "a TIFF picture, which is not read. Save it as PNG or JPEG."),
    "too large": (png_of(30_000, 30_000), "30,000 x 30,000 pixels; at most 89,478,485 are decoded. Make it smaller."),
    "half a JPEG": (encoded(a_picture(), "JPEG")[:2000], "damaged or truncated: image file is truncated."),
    "the start of a JPEG": (b"\xff\xd8\xff", "damaged or truncated: image file is truncated."),
    "half a WebP": (encoded(a_picture(), "WEBP")[:900], "damaged or truncated: image file is truncated."),
    "half a GIF": (encoded(a_picture().quantize(9), "GIF")[:900], "damaged or truncated: "),
    "a PNG without pixels": (png_of(8, 8), "damaged or truncated: "),
}


@pytest.mark.parametrize("name", OWN_WORDS)
def test_damaged_files_are_said(page: Page, name: str) -> None:
    """What Python refuses the browser refuses too, with what to do; the next photo is answered as ever."""
    octets, sentence = OWN_WORDS[name]
    said = ask(page, octets)["error"]

    assert said.startswith(sentence)
    assert said.endswith(".")
    assert "label" in ask(page, encoded(a_picture(), "JPEG"))
