"""What items show at a glance, and how encoders are chosen."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from florilegium.errors import SettingError, StepMissing
from florilegium.features import choose, look, petal
from florilegium.features.facts import path_facts
from florilegium.features.looks import perceptual_hashes
from florilegium.source.base import Contents, Files, Pixels, Texts
from florilegium.types import Octets, Vectors


def photos(n: int, *, side: int = 32) -> Octets:
    """Give smooth made-up photos (n, side, side, 3)."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (n, 7, 7, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(s).resize((side, side), Image.Resampling.BICUBIC)) for s in small])


def written(folder: Path, pictures: Octets, **options: object) -> Files:
    """Write pictures as JPEG files named 000.jpg, 001.jpg, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(folder / f"{i:03}.jpg" for i in range(len(pictures)))
    for path, picture in zip(paths, pictures, strict=True):
        Image.fromarray(picture).save(path, "JPEG", **options)
    return Files(paths)


def hashes_of(files: Files) -> list[str]:
    """Give the content hashes of files."""
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files.paths]


def column(contents: Contents, hashes: list[str], name: str) -> Vectors:
    """Give one column of the facts."""
    looks = look(contents, hashes)
    return looks.facts[:, looks.fact_names.index(name)]


def n_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count the bits in which hashes differ."""
    return np.asarray(np.bitwise_count(a ^ b))


def test_file_facts_are_the_files(tmp_path: Path) -> None:
    """Width, height, bytes, aspect, format and quality are those of the file, checked one by one."""
    files = written(tmp_path / "a", photos(2, side=40)[:, :20], quality=80)
    (tmp_path / "a/x.PNG").write_bytes(png(Image.new("LA", (10, 30))))
    files = Files((*files.paths, tmp_path / "a/x.PNG"))
    looks = look(files, hashes_of(files))
    facts = dict(zip(looks.fact_names, looks.facts.T.tolist(), strict=True))

    assert facts["width"] == [40, 40, 10]
    assert facts["height"] == [20, 20, 30]
    assert facts["bytes"] == [path.stat().st_size for path in files.paths]
    assert facts["aspect"] == pytest.approx([2, 2, 1 / 3])
    assert (facts["jpeg"], facts["png"]) == ([1, 1, 0], [0, 0, 1])
    assert (facts["gray"], facts["alpha"]) == ([0, 0, 1], [0, 0, 1])
    # libjpeg's first standard table has mean 57.625 (ITU-T T.81, K.1); quality 80 scales it by 0.4.
    assert facts["quantisation"][0] == pytest.approx(0.4 * 57.625, abs=0.5)
    assert (facts["extension_png"], facts["extension_capital"]) == ([0, 0, 1], [0, 0, 1])


def png(image: Image.Image) -> bytes:
    """Give an image as the bytes of a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_families_cover_each_column_once(tmp_path: Path) -> None:
    """Every fact belongs to exactly one family, for files, arrays and texts."""
    files = written(tmp_path, photos(2))
    for contents in (files, Pixels(photos(2)), Texts(("a", "b"))):
        looks = look(contents, ["00" * 32, "01" * 32])
        columns = [i for family in looks.families.values() for i in family]

        assert columns == list(range(len(looks.fact_names)))
        assert looks.facts.shape == (2, len(columns))
        assert looks.facts.dtype == np.float32


def test_exif_marks_are_seen(tmp_path: Path) -> None:
    """A camera's EXIF data, its orientation, and their absence show."""
    exif = Image.Exif()
    exif[274] = 6
    one, two = written(tmp_path / "a", photos(1), exif=exif), written(tmp_path / "b", photos(1))
    files = Files((*one.paths, *two.paths))

    assert column(files, hashes_of(files), "exif_present").tolist() == [1, 0]
    assert column(files, hashes_of(files), "exif_orientation").tolist() == [6, 0]
    assert column(files, hashes_of(files), "exif_thumbnail").tolist() == [0, 0]


def test_light_is_measured_in_the_middle_and_at_the_border() -> None:
    """A black square on white: brightness and contrast by hand, and a border that is all white."""
    picture = np.full((1, 32, 32), 255, dtype=np.uint8)
    picture[:, 8:24, 8:24] = 0
    looks = look(Pixels(picture), ["00" * 32])

    assert looks.facts[0] == pytest.approx([0.75, np.sqrt(0.75 * 0.25), 1.0, 0.0])
    assert looks.fact_names == ("brightness", "contrast", "border", "border_contrast")


def test_the_class_folders_name_never_counts() -> None:
    """`rose/rose_01.jpg` and `hydrangea/hydrangea_01.jpg` look alike, for the folder is the label."""
    facts = path_facts([Path("x/rose/rose_01.jpg"), Path("x/hydrangea/hydrangea_01.jpg"), Path("x/iris/deep/a1.jpeg")])

    assert facts[0].tolist() == facts[1].tolist()
    assert facts[:, 0].tolist() == [0, 0, 1]


def test_text_facts_are_counted_without_the_words() -> None:
    """Length, casing, punctuation and digits of a sentence, counted by hand; an empty text has none."""
    looks = look(Texts(("Why is my PIN 12, not 34?", "")), ["00" * 32, "01" * 32])
    facts = dict(zip(looks.fact_names, looks.facts.T.tolist(), strict=True))

    assert (facts["characters"][0], facts["words"][0], facts["question"][0]) == (25, 7, 1)
    assert facts["share_capital"][0] == pytest.approx(4 / 25)
    assert facts["share_digits"][0] == pytest.approx(4 / 25)
    assert (facts["starts_capital"][0], facts["numbers"][0], facts["commas"][0]) == (1, 2, 1)
    assert looks.thumbs is None
    assert not looks.facts[1, looks.fact_names.index("words")]


def test_perceptual_hashes_are_the_signs_of_scipys_cosine_transform() -> None:
    """Bit by bit the hash is that of SciPy's two-dimensional DCT, over the median, without the constant wave."""
    pictures = photos(20)
    gray = pictures @ np.array([0.299, 0.587, 0.114])
    hashes, _ = perceptual_hashes(pictures)
    for picture, given in zip(gray, hashes, strict=True):
        waves = dctn(picture, norm="ortho")[:8, :8].ravel()
        bits = [i > 0 and wave > np.median(waves[1:]) for i, wave in enumerate(waves)]
        expected = int("".join("01"[int(bit)] for bit in bits), 2)

        assert (expected ^ int(given)).bit_count() <= 2  # ours rounds the waves, so that noise has no sign


def test_a_mirror_image_is_found_by_the_mirrored_hash() -> None:
    """The mirrored hash of a picture is the hash of its mirror image."""
    pictures = photos(50)
    hashes, mirrored = perceptual_hashes(pictures)
    seen = perceptual_hashes(np.ascontiguousarray(pictures[:, :, ::-1]))

    assert n_bits(mirrored, seen[0]).max() <= 2
    assert n_bits(hashes, seen[1]).max() <= 2


def test_near_duplicates_differ_in_few_bits_and_strangers_in_many() -> None:
    """Saved again at low quality, smaller and paler, a picture keeps most bits; others differ in about 32 of 64."""
    pictures = photos(60, side=32)
    buffers = [io.BytesIO() for _ in pictures]
    for picture, buffer in zip(pictures, buffers, strict=True):
        small = Image.fromarray(np.minimum(picture.astype(int) * 9 // 10 + 20, 255).astype(np.uint8)).resize((24, 24))
        small.save(buffer, "JPEG", quality=60)
    again = np.stack([np.asarray(Image.open(buffer).resize((32, 32))) for buffer in buffers])
    hashes, others = perceptual_hashes(pictures)[0], perceptual_hashes(again)[0]

    assert n_bits(hashes, others).mean() <= 6
    assert n_bits(hashes, others).max() <= 12
    assert n_bits(hashes[:-1], hashes[1:]).min() >= 14


def test_blank_pictures_have_one_hash() -> None:
    """A picture without any shape has no chance bits."""
    blanks = np.stack([np.full((32, 32, 3), level, dtype=np.uint8) for level in (0, 3, 128, 255)])

    assert perceptual_hashes(blanks)[0].tolist() == [0, 0, 0, 0]


def test_large_arrays_have_thumbnails_and_small_ones_are_theirs() -> None:
    """Arrays up to 64 px are kept as they are, larger ones are seen at 32 px."""
    small, large = look(Pixels(photos(2, side=64)), ["00" * 32] * 2), look(Pixels(photos(2, side=65)), ["00" * 32] * 2)

    assert small.thumbs is not None
    assert np.array_equal(photos(2, side=64), small.thumbs)
    assert large.thumbs is not None
    assert large.thumbs.shape == (2, 32, 32, 3)


def test_nothing_to_look_at_is_fine() -> None:
    """No items give empty looks, not an error."""
    for contents in (Files(()), Texts(()), Pixels(np.empty((0, 8, 8), dtype=np.uint8))):
        looks = look(contents, [])

        assert (len(looks.facts), len(looks.ok), looks.faults) == (0, 0, ())


def test_digits_may_be_deskewed_and_colours_not() -> None:
    """Tiny gray squares get two encoders to compare, tiny colour pictures one."""
    digits, colours = choose(Pixels(photos(3)[..., 0])), choose(Pixels(photos(3)))

    assert [encoder.name for encoder in digits.encoders] == ["pixels32-gray", "pixels32-gray-deskewed"]
    assert [encoder.name for encoder in colours.encoders] == ["pixels32-rgb"]
    assert "tiny" in digits.why


def test_tiny_files_are_recognised_as_digits(tmp_path: Path) -> None:
    """Gray JPEG files of 28 px, saved in colour, are treated like an array of digits; broken ones do not disturb."""
    gray = np.repeat(photos(3, side=28)[..., :1], 3, axis=3)
    files = written(tmp_path, gray, quality=95, subsampling=0)
    (tmp_path / "broken.jpg").write_bytes(b"")
    choice = choose(Files((tmp_path / "broken.jpg", *files.paths)))

    assert choice.encoders[0].name == "pixels28-gray"
    assert choose(Files((tmp_path / "broken.jpg",))).encoders[0].name == "pixels32-rgb"


def test_photos_without_a_backbone_get_coarse_pixels_and_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not even petal is at hand the choice still works, and says how to do better."""
    monkeypatch.setattr(petal, "is_here", lambda: False)
    choice = choose(written(tmp_path, photos(2, side=200)))

    assert choice.encoders[0].name == "pixels32-rgb"
    assert "FLORILEGIUM_DATA" in choice.notes[0]


@pytest.mark.data
def test_photos_get_the_network_that_is_at_hand(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos are described by petal, and by the mirror's MobileNetV2 where petal is missing."""
    files = Files(tuple(sorted((data / "flowers20/images/rose").glob("*.jpg"))))

    assert choose(files).name == "petal"
    assert choose(files, wish="pixels").name == "pixels"
    monkeypatch.setattr(petal, "is_here", lambda: False)
    assert choose(files).name == "mobilenetv2_100_tf"


def test_texts_are_for_tfidf() -> None:
    """Texts get TF-IDF, and a picture's encoder is refused for them."""
    assert choose(Texts(("a",))).name == "tfidf"
    with pytest.raises(SettingError, match="texts"):
        choose(Texts(("a",)), wish="pixels")


def test_wishes_that_cannot_be_are_refused() -> None:
    """An unknown encoder, TF-IDF for pictures, and an absent backbone each say what to do."""
    pictures = Pixels(photos(1))
    with pytest.raises(SettingError, match="Choose one of auto"):
        choose(pictures, wish="magic")
    with pytest.raises(SettingError, match="pictures"):
        choose(pictures, wish="tfidf")
    with pytest.raises(StepMissing, match="FLORILEGIUM_DATA"):
        choose(pictures, wish="inception_v3_trunk")
