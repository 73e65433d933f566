"""A project of short bank queries, trained, with replies and a promise, so that a query desk has something to do."""

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import florilegium
from florilegium.project import Project
from florilegium.project.queries import QueryWish
from florilegium.project.queries.desk import QueryDesk
from tests.desk_making import Ticking

INTENTS = {
    "card_arrival": (
        "where is my new card",
        "card has not arrived",
        "when will my card come",
        "still waiting for card",
    ),
    "lost_card": ("i lost my card", "my card was stolen", "somebody took my card", "cannot find my card anywhere"),
    "exchange_rate": ("what exchange rate do you use", "how good is the rate for euros", "which rate for dollars"),
    "top_up_failed": ("my top up failed", "top up did not work", "topping up was declined", "top up not completed"),
}
OPENINGS = ("hello", "please help", "hi there", "good morning", "a question", "excuse me", "sorry", "quick one")
ENDINGS = ("today", "thanks", "since monday", "can you tell me", "it is urgent", "what can i do", "again", "in the app")
REPLIES = """intent,reply,language
card_arrival,"Cards take five working days, {name}.",
card_arrival,"As novas cartas chegam em cinco dias.",pt
lost_card,Freeze your card in the app under Cards.,
exchange_rate,We use the interbank rate of the moment.,
"""
ODD = "do you sell insurance for elephants"


def queries_csv(path: Path, *, n_each: int = 200, seed: int = 5) -> None:
    """Write labelled queries: no two alike."""
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["text", "intent"])
        for intent, cores in INTENTS.items():
            for i in range(n_each):
                words = [OPENINGS[i % 8], cores[i % len(cores)], ENDINGS[(i // 8) % 8], f"x{rng.integers(10**6)}"]
                table.writerow([" ".join(words), intent])


def trained_queries(folder: Path, *, promise: bool = True, encoder: str = "auto", n_each: int = 200) -> Path:
    """Make and train a project in `folder`/project, with replies and a promise; give its folder."""
    queries_csv(folder / "queries.csv", n_each=n_each)
    (folder / "replies.csv").write_text(REPLIES, encoding="utf-8")
    with florilegium.new(folder / "project", folder / "queries.csv", encoder=encoder) as project:
        project.train()
        project.queries().take_replies(folder / "replies.csv")
        if promise:
            project.queries().promise(error=0.05)
    return folder / "project"


@contextmanager
def query_desk_at(made: Path, at: Path, *, blind_share: float = 0.0) -> Iterator[QueryDesk]:
    """Sit down at a copy of a made project, so that the original stays as it is."""
    if not at.exists():
        shutil.copytree(made, at)
    with Project(at, clock=Ticking()) as project:
        yield project.queries().desk(QueryWish(blind_share=blind_share))
