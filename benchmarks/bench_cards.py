"""How long a learner waits: the next card among 10,000, and a deck of 10,000 notes with 2,000 pictures.

Promised: the next card in under 20 ms, the deck in under 30 s and 1 GiB. Beside them the same steps by the libraries
alone: one review by `fsrs`, the same notes and ready files packed by genanki. The record of 10,000 cards has 30,000
answers; a median over 200 cards counts, an answer being written in between.
"""

import random
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from florilegium.cards import Kind, Note, build
from florilegium.cards.schedule import Rating, Review
from florilegium.project.card_pictures import CardPictures, picture_name
from florilegium.project.studying import Study
from florilegium.source.base import Files
from florilegium.store import CardRecord

N_NOTES, N_PICTURES, N_CARDS, N_REVIEWS, N_ASKED = 10_000, 2_000, 10_000, 30_000, 200
MAX_NEXT_MS, MAX_DECK_S = 20.0, 30.0
PHOTO_SIDES = (640, 480)  # px
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def show(what: str, value: float, unit: str, note: str = "") -> None:
    """Print one row."""
    print(f"{what:<52} {value:10,.2f} {unit:<3} {note}", flush=True)


def basic(i: int) -> Note:
    """Make one note of words."""
    fields = {"front": f"question {i}", "back": f"answer {i}, in one sentence of usual length", "rights": "CC0"}
    return Note(guid=f"note{i}", kind=Kind.BASIC, deck="Bench", fields=fields, rights="CC0")


def next_card(folder: Path) -> float:
    """Give the median time, in ms, from one answer to the next card."""
    rng = random.Random(1)  # noqa: S311 - answers, not secrets
    now = NOW
    with closing(CardRecord(f"sqlite:///{folder / 'study.db'}")) as record:
        began = time.perf_counter()
        record.take_in([(basic(i), None) for i in range(N_CARDS)], now=NOW)
        show(f"{N_CARDS:,} notes taken in", time.perf_counter() - began, "s")
        study = Study(record, who="ada", clock=lambda: now)
        reviews = [
            Review(
                guid=f"note{rng.randrange(N_CARDS)}",
                ord=0,
                at=NOW - timedelta(minutes=rng.randrange(60 * 24 * 300)),
                rating=Rating(rng.choice([1, 3, 3, 3, 4])),
                source="anki",
            )
            for _ in range(N_REVIEWS)
        ]
        began = time.perf_counter()
        record.merge(reviews, who="ada", replay=study.choices.scheduler.replay)
        show(f"{N_REVIEWS:,} answers merged, memories computed", time.perf_counter() - began, "s")
        asked, answered, cpu = [], [], []
        for _ in range(N_ASKED):
            began, began_cpu = time.perf_counter(), time.process_time()
            shown = study.next()
            asked.append(time.perf_counter() - began)
            cpu.append(time.process_time() - began_cpu)
            if shown is None:
                break
            began = time.perf_counter()
            study.answer(shown, Rating.GOOD, source="terminal")
            answered.append(time.perf_counter() - began)
            now += timedelta(seconds=10)
        show("the next card, median", 1000 * float(np.median(asked)), "ms", f"of {len(asked)}")
        show("  of this, on the processor, median", 1000 * float(np.median(cpu)), "ms", "the rest is waiting for it")
        show("the next card, slowest of a hundred", 1000 * float(np.percentile(asked, 99)), "ms")
        show("an answer, kept on the disk, median", 1000 * float(np.median(answered)), "ms")
        return 1000 * float(np.median(asked))


def peer_review() -> None:
    """Review one card by the library alone."""
    import fsrs

    scheduler, card = fsrs.Scheduler(enable_fuzzing=False), fsrs.Card(card_id=1, due=NOW)
    began = time.perf_counter()
    for day in range(1000):
        card, _ = scheduler.review_card(card, fsrs.Rating.Good, NOW + timedelta(days=day))
    show("  peer: one review by fsrs", time.perf_counter() - began, "ms", "the mean of 1,000")


def deck(folder: Path) -> float:
    """Give the time, in s, of a deck whose pictures are made from photos."""
    from PIL import Image

    rng = np.random.default_rng(0)
    soft = [Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(PHOTO_SIDES) for _ in range(50)]
    paths = []
    for i in range(N_PICTURES):
        paths.append(folder / f"{i}.jpg")
        soft[i % 50].save(paths[-1], quality=85)
    contents = Files(tuple(paths))
    names = [picture_name(f"{i:064x}"[::-1], contents) for i in range(N_PICTURES)]
    notes = [basic(i) for i in range(N_NOTES - N_PICTURES)]
    notes += [
        Note(
            guid=f"picture{i}",
            kind=Kind.PICTURE,
            deck="Bench::pictures",
            fields={"picture": name, "prompt": "What is this?", "answer": "a", "rights": "CC0"},
            pictures=(name,),
            rights="CC0",
        )
        for i, name in enumerate(names)
    ]
    began, began_cpu = time.perf_counter(), time.process_time()
    pictures = CardPictures(folder / "made", contents, {name: i for i, name in enumerate(names)}).paths(names)
    made_s = time.perf_counter() - began
    build(notes, folder / "deck.apkg", now=NOW, pictures=pictures)
    whole_s = time.perf_counter() - began
    show(f"a deck of {N_NOTES:,} notes and {N_PICTURES:,} pictures", whole_s, "s", f"pictures made in {made_s:.1f} s")
    show("  of this, on all processors together", time.process_time() - began_cpu, "s")
    peer_deck(folder, notes, pictures)
    return whole_s


def peer_deck(folder: Path, notes: list[Note], pictures: dict[str, Path]) -> None:
    """Pack the same fields and ready files by genanki alone, with one note type."""
    import genanki  # type: ignore[import-untyped]  # it ships no types

    fields = [{"name": "front"}, {"name": "back"}]
    model = genanki.Model(1, "m", fields=fields, templates=[{"name": "c", "qfmt": "{{front}}", "afmt": "{{back}}"}])
    began = time.perf_counter()
    packed = genanki.Deck(2, "d")
    for note in notes:
        values = list(note.values())
        packed.add_note(genanki.Note(model=model, fields=[values[0], values[1] or "-"], guid=note.guid))
    files = [str(path) for path in pictures.values()]
    genanki.Package(packed, files).write_to_file(str(folder / "peer.apkg"))
    show("  peer: the same, ready files, by genanki", time.perf_counter() - began, "s")


def main() -> None:
    """Measure all, and fail where a promise is broken."""
    with tempfile.TemporaryDirectory() as folder:
        next_ms = next_card(Path(folder))
        peer_review()
        deck_s = deck(Path(folder))
    if next_ms > MAX_NEXT_MS or deck_s > MAX_DECK_S:
        sys.exit(f"promised: next card in {MAX_NEXT_MS:.0f} ms, deck in {MAX_DECK_S:.0f} s")
