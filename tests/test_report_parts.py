"""The parts of a report: pictures, matrix, class lines, glossary, advice, cards for notebooks."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import precision_recall_fscore_support

from florilegium import evaluation
from florilegium.audit.finding import Finding, Severity
from florilegium.errors import InputError
from florilegium.report import advice, matrix, notebook, page, thumbnail, wanted
from florilegium.report.glossary import MEANINGS, Glossary
from florilegium.report.pictures import RAW_SIDE, SIDE, picture, within
from tests.test_report_account import account, answers, before_verdict


def test_a_digit_is_kept_without_loss() -> None:
    """A picture of up to 64 px becomes a PNG with the very same pixels."""
    pixels = np.random.default_rng(0).integers(0, 255, (28, 28), dtype=np.uint8)

    assert np.array_equal(np.asarray(Image.open(io.BytesIO(thumbnail(pixels)))), pixels)
    assert thumbnail(pixels[..., None]) == thumbnail(pixels)


@pytest.mark.parametrize("shape", [(400, 300, 3), (3000, 65), (65, 64, 3)])
def test_a_photo_becomes_small(shape: tuple[int, ...]) -> None:
    """A photo becomes a JPEG whose longer side is the thumbnail's, whatever its shape."""
    image = Image.open(io.BytesIO(thumbnail(np.zeros(shape, dtype=np.uint8))))

    assert max(image.size) <= max(SIDE, RAW_SIDE)
    assert image.format == "JPEG"


@pytest.mark.parametrize("shape", [(4, 4, 4), (4,), (0, 3)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    """An array that is no picture is refused with its shape and what was expected."""
    with pytest.raises(InputError, match=r"expected uint8, \(h, w\) or \(h, w, 3\)"):
        thumbnail(np.zeros(shape, dtype=np.uint8))


def test_a_picture_is_known_by_its_bytes() -> None:
    """PNG, JPEG and WebP are shown; SVG, HTML and nothing at all are not, whatever their names."""
    kinds = {}
    for kind in ("PNG", "JPEG", "WEBP"):
        file = io.BytesIO()
        Image.new("RGB", (40, 40)).save(file, kind)
        found = picture(file.getvalue())
        kinds[kind] = found and found.address.split(";")[0]

    assert kinds == {"PNG": "data:image/png", "JPEG": "data:image/jpeg", "WEBP": "data:image/webp"}
    assert [picture(b) for b in (b"", b"<svg onload=alert(1)>", b"<html>", b"RIFF0000AVI ")] == [None] * 4


def test_only_tiny_pictures_are_enlarged_in_squares() -> None:
    """8 x 8 digits keep their pixels visible; a photo is smoothed by the browser."""
    tiny, photo = (picture(thumbnail(np.zeros((side, side, 3), dtype=np.uint8))) for side in (8, 100))

    assert tiny is not None
    assert tiny.pixelated
    assert photo is not None
    assert not photo.pixelated


def test_pictures_stop_at_the_budget() -> None:
    """The first names get their pictures, the later ones none, once the page would grow too heavy."""
    content = thumbnail(np.zeros((8, 8), dtype=np.uint8))
    one = picture(content)

    assert one is not None
    assert list(within("abcd", dict.fromkeys("abcd", content), n_bytes=2 * len(one.address))) == ["a", "b"]
    assert list(within("ab", {"a": b"no picture", "b": content}, n_bytes=10**6)) == ["b"]


def test_mistakes_get_their_pictures_first() -> None:
    """Wanted are first the surest mistakes, then what findings are about, then right answers of every class."""
    shown = answers(60, ("a", "b", "c"))
    mistakes = [mistake.name for mistake in evaluation.confident_mistakes(shown, most=60)]
    finding = Finding(check="labels", severity=Severity.INFO, message="m", fix="f", items=("train/1",))
    names = wanted(shown, (finding,))
    truth = dict(zip(shown.names, shown.truth.tolist(), strict=True))

    assert names[: len(mistakes)] == tuple(mistakes)
    assert names[len(mistakes)] == "train/1"
    assert {truth[name] for name in names[len(mistakes) + 1 :][:3]} == {0, 1, 2}
    assert len(set(names)) == len(names) == 61


def test_cells_are_those_of_the_confusion() -> None:
    """The sparse cells hold the same items, in the same order, as `evaluation.confusion` finds with its full table."""
    shown = answers(200, tuple("abcdef"))
    cells = matrix.cells(shown)

    assert {(c.truth, c.said): tuple(shown.names[r] for r in c.rows) for c in cells} == evaluation.confusion(
        shown
    ).names
    assert sum(cell.n for cell in cells) == 200


def test_the_worst_mistakes_come_first() -> None:
    """Cells are listed with mistakes before right answers and many items before few."""
    cells = matrix.cells(answers(200, tuple("abcdef")))
    wrong = [cell.n for cell in cells if not cell.is_right]

    assert wrong == sorted(wrong, reverse=True)
    assert [cell.is_right for cell in cells] == sorted(cell.is_right for cell in cells)


def test_a_large_matrix_shows_the_most_confused() -> None:
    """Of 77 classes the 30 with most mistakes are shown, in class order, and the items elsewhere are counted."""
    shown = answers(770, tuple(f"c{i:02d}" for i in range(77)))
    table = matrix.matrix(matrix.cells(shown), n_classes=77)
    involved = np.bincount(shown.truth[~shown.right], minlength=77) + np.bincount(
        shown.said[~shown.right], minlength=77
    )
    others = set(range(77)) - set(table.classes)

    assert len(table.classes) == 30
    assert list(table.classes) == sorted(table.classes)
    assert min(involved[list(table.classes)]) >= max(involved[list(others)])
    assert sum(c.n for row in table.rows for c in row if c) + table.n_elsewhere == 770


def test_figures_of_shown_classes_do_not_depend_on_the_hidden_ones() -> None:
    """With 250 classes, 200 are shown, with scikit-learn's recall and precision."""
    shown = answers(1000, tuple(f"c{i:03d}" for i in range(250)))
    lines = page.class_lines(shown, matrix.cells(shown))
    precision, recall, *_ = precision_recall_fscore_support(shown.truth, shown.said, zero_division=0)

    assert len(lines) == 200
    for line in lines:
        assert line.scores.name == shown.classes[line.number]
        assert line.scores.recall is not None
        assert line.scores.recall.accuracy == pytest.approx(recall[line.number])
        if line.scores.precision is not None:
            assert line.scores.precision.accuracy == pytest.approx(precision[line.number])


def test_hard_classes_come_first() -> None:
    """Lines of classes are sorted by F1, and each names its most frequent mistake."""
    shown = answers(200, tuple("abcd"))
    lines = page.class_lines(shown, matrix.cells(shown))
    f1 = [line.scores.f1 for line in lines if line.scores.f1 is not None]
    counts = evaluation.confusion(shown).counts - np.diag(np.bincount(shown.truth[shown.right], minlength=4))

    assert f1 == sorted(f1)
    for line in lines:
        assert line.worst is not None
        assert line.worst.n == counts[line.number].max()


def test_a_term_is_marked_once_and_explained_once() -> None:
    """The second use of a term is plain text, and its meaning is handed out once."""
    glossary = Glossary()
    first, second = glossary.term("seed"), glossary.term("seed", "seeds")

    assert (first, second) == ("<dfn>seed</dfn>", "seeds")
    assert glossary.taken() == [("seed", MEANINGS["seed"])]
    assert glossary.taken() == []


@pytest.mark.parametrize("name", MEANINGS)
def test_a_meaning_is_one_line(name: str) -> None:
    """Meanings are short and end without a full stop, which the page adds."""
    assert len(MEANINGS[name]) < 200
    assert not MEANINGS[name].endswith(".")


def test_before_the_verdict_the_next_step_is_the_verdict() -> None:
    """Errors in the data come first, then opening the seal."""
    error = Finding(check="leaks", severity=Severity.ERROR, message="m", fix="Take them out.")
    steps = advice.next_steps(replace(before_verdict(account()), findings=(error,), audited=False))

    assert "florilegium audit" in steps[0]
    assert steps[1] == "Take them out."
    assert "florilegium verdict" in steps[2]


def test_a_model_that_is_not_shown_to_be_better_needs_labels() -> None:
    """Where nothing was shown, the next step names how many labels would show one point; no step comes twice."""
    whole = account()
    assert whole.verdict is not None
    verdict = replace(whole.verdict, outcome=evaluation.Outcome.NOT_SHOWN, n_more_for_one_point=23871, new_sources=None)
    steps = advice.next_steps(replace(whole, verdict=verdict, findings=whole.findings * 3))

    assert any("about 24,000 more items" in step for step in steps)
    assert any("--source COLUMN" in step for step in steps)
    assert len(steps) == len(set(steps))


def test_the_shell_may_say_what_to_do_next() -> None:
    """Steps that the account brings replace those that the report would derive."""
    assert advice.next_steps(replace(account(), next_steps=("Rest.",))) == ("Rest.",)


def test_cards_escape_and_need_nothing() -> None:
    """A card for a notebook has no script, no style sheet and no id, and shows hostile names as text."""
    verdict = account(classes=("<script>alert(1)</script>", "b")).verdict

    assert verdict is not None
    cards = [
        notebook.verdict_html(verdict),
        notebook.ladder_html(replace(verdict.model, name="<img src=x>"), verdict.baselines),
        notebook.findings_html(account(classes=("<b>", "c")).findings),
    ]
    for card in cards:
        assert not any(bad in card for bad in ("<script", "<style", "<img", " id=", "http"))
    assert verdict.sentence in cards[0]
    assert "2 items look wrongly labelled." in cards[2]


def test_many_findings_are_counted_in_a_card() -> None:
    """A card shows 20 findings and says how many more there are; none at all is said too."""
    finding = account().findings[0]

    assert "5 more: florilegium audit --json" in notebook.findings_html([finding] * 25)
    assert "found nothing" in notebook.findings_html([])
