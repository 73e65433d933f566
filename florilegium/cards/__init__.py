"""Flashcards of the terms of machine learning. Path: errors -> **cards** -> cli. Never sees a model or a network."""

from florilegium.cards.checking import copied_sentences, faults_of
from florilegium.cards.deck import build_glossary
from florilegium.cards.glossary import SHIPPED, Term, read_glossary

__all__ = ["SHIPPED", "Term", "build_glossary", "copied_sentences", "faults_of", "read_glossary"]
