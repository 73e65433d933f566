"""The note types as Anki knows them: number, name, both sides. Path: note -> **templates** -> deck. Has no logic."""

from dataclasses import dataclass

from florilegium.cards.note import Kind

STYLE = (
    ".card{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:1rem auto;padding:0 1rem;text-align:left}"
    "h1{font-size:1.5rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0}small{opacity:.7}"
    "img{max-width:100%;max-height:60vh;border-radius:4px}.pair{display:flex;gap:.5rem;align-items:flex-start}"
    ".pair>*{flex:1 1 0;min-width:0}.cloze{font-weight:700;color:#1b6e3c}.nightMode .cloze{color:#7fd6a0}"
)
LABELS = {"example": "Example", "why": "Why it matters", "confusion": "Often confused", "source": "Read on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One card of a note type."""

    name: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteType:
    """One note type; Anki knows it by its number for ever."""

    number: int
    name: str
    templates: tuple[Template, ...]
    sort_field: int = 0  # what Anki's browser lists it by


_ROWS = "".join(f"<dt>{label}</dt><dd>{{{{{field}}}}}</dd>" for field, label in LABELS.items())
_TERM_FOOT = f"<dl>{_ROWS}</dl><p><code>{{{{see}}}}</code></p><small>{{{{rights}}}}</small>"
_FOOT = "{{#more}}<p>{{more}}</p>{{/more}}<small>{{rights}}</small>"
_PICTURE = "<div class=pair><div>{{picture}}</div>{{#second}}<div>{{second}}</div>{{/second}}</div><p>{{prompt}}</p>"
_PICTURE_FOOT = "{{#more}}<p>{{more}}</p>{{/more}}<small>{{#credit}}{{credit}}; {{/credit}}{{rights}}</small>"


def _turned(question: str, answer: str, foot: str = _FOOT) -> str:
    return f"{question}<hr><div>{answer}</div>{foot}"


_FORWARD = Template(name="Front to back", question="{{front}}", answer=_turned("{{front}}", "{{back}}"))
_BACK = Template(name="Back to front", question="{{back}}", answer=_turned("{{back}}", "{{front}}"))

NOTE_TYPES = {
    Kind.TERM: NoteType(
        number=1_704_201_902,
        name="Florilegium term",
        templates=(
            Template(
                name="Term to meaning",
                question="<h1>{{term}}</h1>",
                answer=f"<h1>{{{{term}}}}</h1>{{{{definition}}}}{_TERM_FOOT}",
            ),
            Template(
                name="Meaning to term",
                question="{{definition}}",
                answer=f"{{{{definition}}}}<h1>{{{{term}}}}</h1>{_TERM_FOOT}",
            ),
        ),
    ),
    Kind.BASIC: NoteType(number=1_704_201_903, name="Florilegium basic", templates=(_FORWARD,)),
    Kind.REVERSED: NoteType(number=1_704_201_904, name="Florilegium reversed", templates=(_FORWARD, _BACK)),
    Kind.CLOZE: NoteType(
        number=1_704_201_905,
        name="Florilegium cloze",
        templates=(Template(name="Cloze", question="{{cloze:text}}", answer="{{cloze:text}}" + _FOOT),),
    ),
    Kind.PICTURE: NoteType(
        number=1_704_201_906,
        name="Florilegium picture",
        sort_field=3,
        templates=(
            Template(
                name="Picture to name",
                question=_PICTURE,
                answer=f"{_PICTURE}<h1>{{{{answer}}}}</h1>{_PICTURE_FOOT}",
            ),
        ),
    ),
}
