"""Flashcards: terms, pictures and one's own mistakes, and when to see them again. Path: report -> **cards** -> store.

Never sees a model, a network or a database.
"""

from florilegium.cards.checking import copied_sentences, faults_of
from florilegium.cards.deck import Built, build, build_glossary
from florilegium.cards.glossary import SHIPPED, Term, read_glossary
from florilegium.cards.lesson import read_lessons
from florilegium.cards.note import Kind, Note
from florilegium.cards.notes import notes_of_terms

__all__ = [
    "SHIPPED",
    "Built",
    "Kind",
    "Note",
    "Term",
    "build",
    "build_glossary",
    "copied_sentences",
    "faults_of",
    "notes_of_terms",
    "read_glossary",
    "read_lessons",
]
