"""The part of a model card that speaks of use, limits and recourse. Path: bias -> **report** (used by its bias page).

Headings are those of Hugging Face's model card (hub docs, model-cards). What nobody wrote is said to be unwritten.
"""

import re
from dataclasses import dataclass

from florilegium.report.bias_values import Chapter

UNWRITTEN = "Nobody has written this yet."
NOWHERE = f"{UNWRITTEN} Whoever is judged has nowhere to object. Give an address: --recourse ADDRESS"
_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|&~$!])")
CLAIMS_MOST = 2  # per kind; the page itself holds all


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the maker says of the use; empty: nobody has said it."""

    intended: str = ""
    out_of_scope: str = ""
    recourse: str = ""  # a mail or web address for those who are judged


def card_parts(
    use: Use, lead: str, chapters: tuple[Chapter, ...], steps: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give headings with their paragraphs, in the order of the model card."""
    return (
        ("Uses: Direct Use", (use.intended or f"{UNWRITTEN} Say what it is for: --intended-use TEXT",)),
        (
            "Uses: Out-of-Scope Use",
            (use.out_of_scope or f"{UNWRITTEN} Say what it must not be used for: --out-of-scope TEXT",),
        ),
        ("Bias, Risks, and Limitations", _claims(lead, chapters)),
        ("Recommendations", steps or ("Look again when there are more cases, and after the start.",)),
        ("Evaluation: Factors", _unmeasured(chapters)),
        (
            "Model Card Contact, and where to object",
            (use.recourse or NOWHERE,),
        ),
    )


def as_markdown(parts: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    r"""Write headings and paragraphs as Markdown, to be put into a model card; nothing in them starts markup.

    >>> as_markdown((("Recommendations", ("Ask *who* decided.",)),))
    '## Recommendations\n\nAsk \\*who\\* decided.\n'
    """
    told = [f"## {heading}\n\n" + "\n\n".join(map(_plain, paragraphs)) for heading, paragraphs in parts]
    return "\n\n".join(told) + "\n"


def _plain(text: str) -> str:
    """Take the meaning from signs that Markdown or HTML would read: names of groups come from data."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _claims(lead: str, chapters: tuple[Chapter, ...]) -> tuple[str, ...]:
    gaps = [[s.sentence for s in chapter.statements if s.state == "gap"] for chapter in chapters]
    shown = [sentence for found in gaps for sentence in found[:CLAIMS_MOST]]
    if not shown:
        return (lead, "No gap shown is not the same as none there: the ranges say how large a gap could hide.")
    return tuple(dict.fromkeys((lead, *shown)))


def _unmeasured(chapters: tuple[Chapter, ...]) -> tuple[str, ...]:
    said = [
        f"{chapter.title} bias was not measurable. {chapter.why_not}"
        for chapter in chapters
        if chapter.state == "unmeasured"
    ]
    few = [f"{chapter.title} bias: too few to tell." for chapter in chapters if chapter.state == "few"]
    return (*said, *few) or ("All six kinds of bias were tested.",)
