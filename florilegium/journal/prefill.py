"""Write a new chapter from what the record says since the last one. Path: telling -> **prefill** -> project.

Values in, text and pictures out; touches no file. Whoever wrote the earlier chapters keeps every word of them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from florilegium.journal import telling
from florilegium.journal.chapter import SECTIONS, Chapter, Step, long_date, next_steps
from florilegium.journal.events import OWN_DECK, Event, EventKind, Told
from florilegium.journal.folder import PICTURES, JournalSettings
from florilegium.journal.footnotes import Footnotes
from florilegium.journal.frontmatter import Head
from florilegium.report.ladder import ladder_svg
from florilegium.report.plain import worded

# What to write where nothing is pre-filled. Written as a link that nothing refers to: no page ever shows it.
PROMPTS = {
    "Progress": "What moved? What would you show a friend?",
    "Projects": "What are you building, for whom?",
    "Meetups and reading": "Whom did you talk to? What did you read, and what stayed?",
    "What kept me focused": "When did it go well? What helped?",
    "What I explore now": "Which question do you carry about?",
    "What I learned from challenges": "What went wrong, and what do you know now?",
    "Next steps": "Lines such as - [ ] label fifty more. The next chapter asks whether they happened.",
}
FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
COMMANDS = ("audit", "train", "verdict", "report", "bias", "relabel", "label", "monitor", "export")
STUDYING = frozenset({"card", "cards", "flashcards", "study"})
TOLD_MOST = 12  # verdicts or trainings of one project; older ones are left to its record


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefilled:
    """A chapter, and the pictures that belong to it, by their path below the journal's folder."""

    chapter: Chapter
    pictures: dict[str, bytes]
    n_events: int  # of the record that it tells


def prefill(
    told: Sequence[Told], *, last: Chapter | None, settings: JournalSettings, now: datetime, day: date
) -> Prefilled:
    """Write the chapter of a day.

    Args: last: the chapter before; its next steps are asked for.  now: aware.  day: by the learner's clock.
    """
    notes, pictures = Footnotes(settings.tz), dict[str, bytes]()
    filled = {
        "Progress": _parted(_progress(told, notes, pictures, day), _planned(last, told, notes)),
        "Projects": [f"- {telling.held(each, notes)}" for each in told if each.status.facts["n_items"]],
        "What kept me focused": _lines(telling.worked(e, notes) for each in told for e in each.of(EventKind.RUNS)),
        "What I learned from challenges": _challenges(told, notes),
        "Next steps": [f"- [ ] `florilegium {word}` on {each.project}" for each in told if (word := _next(each))],
    }
    body = "\n".join(part for name in SECTIONS for part in _section(name, filled.get(name, [])))
    if definitions := notes.definitions():
        body += "\n" + "\n".join(definitions) + "\n"
    projects = tuple(each.project for each in told if each.project != OWN_DECK)
    head = Head(
        title="",
        date=day,
        draft=True,
        tags=projects,
        projects=projects,
        until=now.astimezone(settings.tz),
        record=_record(told, last),
    )
    chapter = Chapter(name=day.isoformat(), head=head, body=body)
    chapter = replace(chapter, head=replace(head, written=chapter.seal))
    return Prefilled(chapter=chapter, pictures=pictures, n_events=sum(len(each.events) for each in told))


def _record(told: Sequence[Told], last: Chapter | None) -> tuple[str, ...]:
    """Give the new bookmarks; a project that is not told this time keeps its old one."""
    now = {each.project: each.bookmark.write(each.project) for each in told}
    kept = {line.partition(" ")[0]: line for line in (last.head.record if last else ())}
    return tuple((kept | now).values())


def _parted(above: list[str], below: list[str]) -> list[str]:
    return [*above, "", *below] if above and below else [*above, *below]


def _section(name: str, lines: list[str]) -> list[str]:
    return [f"## {name}", "", f"[//]: # ({PROMPTS[name]})", "", *([*lines, ""] if lines else [])]


def _lines(told: Iterable[str | None]) -> list[str]:
    return [f"- {line}" for line in told if line]


def _progress(told: Sequence[Told], notes: Footnotes, pictures: dict[str, bytes], day: date) -> list[str]:
    lines, drawn = list[str](), list[str]()
    for each in told:
        openings, models = each.of(EventKind.OPENING), each.of(EventKind.MODEL)
        lines += _lines(telling.verdict(event, notes) for event in openings[-TOLD_MOST:])
        lines += _lines(telling.trained(event, notes) for event in models[-TOLD_MOST:])
        if max(len(openings), len(models)) > TOLD_MOST:
            lines.append(f"- Earlier ones stand in the record of {each.project}.")
        for labels in each.of(EventKind.LABELS):
            before, after = each.around(labels)
            lines.append(f"- {telling.labelled(labels, notes, before, after)}")
        lines += _lines(telling.studied(event, notes) for event in each.of(EventKind.CARDS))
        lines += _lines(telling.decided(event, notes) for event in each.of(EventKind.APPEALS))
        drawn += _picture([*models, *openings], pictures, day)
    return [*lines, *drawn]


def _picture(events: Sequence[Event], pictures: dict[str, bytes], day: date) -> list[str]:
    """Draw the newest verdict, or the newest training where none was judged."""
    for event in sorted(events, key=lambda e: (e.kind is EventKind.OPENING, e.number), reverse=True):
        found = telling.rungs(event)
        if not found:
            continue
        what = "sealed test items" if event.kind is EventKind.OPENING else "cross-validation"
        title = f"{event.project}: right answers of the model and of simple rules, {what}"
        place = f"{PICTURES}/{day.isoformat()}-{event.key}.svg"
        pictures[place] = ladder_svg(found, title=title, source=event.words).encode()
        return ["", f"![{worded(title)}]({place})"]
    return []


def _challenges(told: Sequence[Told], notes: Footnotes) -> list[str]:
    lines: list[str | None] = []
    for each in told:
        lines += [telling.learned(event, notes) for event in each.of(EventKind.OPENING)]
        lines += [telling.doubted(event, notes) for event in each.newest_runs()]
    return _lines(lines)


def _next(told: Told) -> str:
    """Give the command that comes next in a project; writing the report again is no step."""
    words = told.next_command.split()
    return words[1] if len(words) > 1 and words[1] != "report" else ""


def _planned(last: Chapter | None, told: Sequence[Told], notes: Footnotes) -> list[str]:
    """Ask for the last chapter's next steps, and tick those that the record shows."""
    steps = next_steps(last) if last is not None else ()
    if last is None or not steps:
        return []
    texts = [FOOTNOTE.sub("", step.text).strip() for step in steps]
    event = Event(
        project="journal",
        kind=EventKind.CHAPTER,
        number=int(f"{last.head.date:%Y%m%d}"),
        at=last.head.until or datetime.combine(last.head.date, datetime.min.time()).astimezone(notes.tz),
        facts={"date": long_date(last.head.date), "steps": texts},
    )
    day = notes.say(event, "date", str)
    lines = [f"Planned in [the chapter of {day}]({last.name}.md):{notes.mark(event)}", ""]
    for place, step in enumerate(steps):
        text = notes.say(event, f"steps[{place}]", str)
        lines.append(_step(Step(text, step.done), event, told, notes))
    return lines


def _step(step: Step, chapter: Event, told: Sequence[Told], notes: Footnotes) -> str:
    words = set(re.findall(r"[a-z]+", step.text.lower()))
    named = [command for command in COMMANDS if command in words]
    runs = [e for each in told for e in each.of(EventKind.RUN) if e.facts["command"] in named]
    studied = [e for each in told for e in each.of(EventKind.CARDS)] if words & STUDYING else []
    if runs and not step.done:
        seen = f"the record has it: {notes.say(runs[-1], 'command', str)}, {notes.day(runs[-1])}"
        return f"- [x] {step.text} ({seen}){notes.mark(chapter, runs[-1])}"
    if studied and not step.done:
        n_cards = telling.n_cards(studied[-1], notes)
        seen = f"the record has it: {n_cards}, {notes.day(studied[-1])}"
        return f"- [x] {step.text} ({seen}){notes.mark(chapter, studied[-1])}"
    return f"- [{'x' if step.done else ' '}] {step.text}{notes.mark(chapter)}"
