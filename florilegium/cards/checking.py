"""Check a glossary as a whole: lengths, doubles, markup, rights, links. Path: glossary -> **checking** -> cli.

Reads terms and nothing else; it names faults and never mends them.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from florilegium.cards.glossary import Term
from florilegium.cards.rights import SHAREABLE, is_shareable

MOST_WORDS = 60  # of one field: a card is read in seconds; a longer thought is two cards
N_SHINGLE = 8  # words: eight in a row are rarely shared by chance in prose
MARKUP = re.compile(r"<[a-zA-Z/!]|javascript:|\[(?:sound|anki):|\[/?latex\]")
SCRIPT = re.compile(MARKUP.pattern + r"|\{\{")
YEAR = re.compile(r"\b(1[5-9]|20)\d\d\b")


def faults_of(terms: Iterable[Term], *, commands: Collection[str] = (), docs: Path | None = None) -> list[str]:
    """Say what is wrong with terms, one line per fault, each with file, line, field and cure.

    Args: commands: those that exist ("lab sgd"); none means unchecked.  docs: the folder of pages; None: unchecked.
    """
    faults: list[str] = []
    names: dict[str, Term] = {}
    sentences: dict[str, Term] = {}
    for term in terms:
        where = f"{term.file}:{term.line}: {term.name}"
        other = names.setdefault(term.name.casefold(), term)
        if other is not term:
            faults.append(f"{where}: the term stands in {other.file}:{other.line} too; keep one")
        faults += [f"{where}: {fault}" for fault in _of_one(term)]
        faults += [f"{where}: {fault}" for fault in _of_link(term.see, commands, docs)]
        for sentence in sentences_of(term):
            shared = sentences.setdefault(sentence, term)
            if shared is not term:
                faults.append(f"{where}: shares a sentence with {shared.name}: {sentence!r}; say it anew")
    return faults


def sentences_of(term: Term) -> list[str]:
    """Give the sentences of four words or more that a card says itself (not its source, not its link)."""
    texts = [text for field, text in term.texts().items() if field not in ("source", "see")]
    cut = (sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s+", text))
    return [" ".join(words) for sentence in cut if len(words := _words(sentence)) > 3]


def copied_sentences(terms: Iterable[Term], text: str, *, n_words: int = N_SHINGLE) -> list[tuple[str, str]]:
    """Find runs of `n_words` words that terms share with a source text: (term, words in a row).

    Source: shingles after Broder (1997), On the resemblance and containment of documents.
    """
    words = _words(text)
    known = {tuple(words[i : i + n_words]) for i in range(len(words) - n_words + 1)}
    found = []
    for term in terms:
        own = _words(" ".join(text for field, text in term.texts().items() if field not in ("source", "see")))
        runs = (tuple(own[i : i + n_words]) for i in range(len(own) - n_words + 1))
        found += [(term.name, " ".join(run)) for run in runs if run in known]
    return found


def _of_one(term: Term) -> list[str]:
    """Check one term for itself."""
    faults = []
    for field, text in term.texts().items():
        n_words = len(text.split())
        if n_words > MOST_WORDS:
            faults.append(f"field {field!r} has {n_words} words; {MOST_WORDS} at most, shorten it")
        if SCRIPT.search(text):
            faults.append(f"field {field!r} holds markup or a template; write plain text")
    if SCRIPT.search(term.name):
        faults.append("the heading holds markup or a template; write plain text")
    if not YEAR.search(term.source):
        faults.append("field 'source' has no year; name author, title and year")
    if not is_shareable(term.rights):
        faults.append(f"rights {term.rights!r} are not known to allow sharing; expected {', '.join(SHAREABLE)}")
    return faults


def _of_link(see: str, commands: Collection[str], docs: Path | None) -> list[str]:
    """Check that the page or the command exists."""
    if see.startswith("docs/"):
        exists = docs is None or (docs / see.removeprefix("docs/")).is_file()
        return [] if exists else [f"field 'see': no page {see}; name one that is there"]
    words = [word for word in see.split()[1:] if not word.startswith("-")]
    if not see.startswith("florilegium "):
        return [f"field 'see': {see!r} is neither docs/PAGE.md nor a command 'florilegium ...'"]
    exists = not commands or " ".join(words) in commands
    return [] if exists else [f"field 'see': no command {' '.join(words)!r}; look at florilegium --help"]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
