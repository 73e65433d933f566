"""New chapters: every figure has its event, hands' work is never written over, clocks may lie."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from florilegium.errors import InputError, ProjectMissing, SettingError
from florilegium.evaluation.words import about, percent, points
from florilegium.journal import read_journal
from florilegium.journal.numbers import Unit, numbers
from florilegium.project import Project
from florilegium.project.chapters import short_names
from tests.journal_making import MORNING, a_week, chapter_at, judge, project_at, train, write_chapter

EVENING = MORNING + timedelta(days=2, hours=12)
DEFINITION = re.compile(r"^\[\^(?P<key>[^\]]+)\]: .*?\): (?P<said>.*)$", re.MULTILINE)
MARK = re.compile(r"\[\^([^\]]+)\]")
CODE = re.compile(r"`[^`]*`|\]\([^)]*\)")


@pytest.fixture
def garden(tmp_path: Path) -> Project:
    """Give a project with a week of work in its record."""
    project = project_at(tmp_path)
    a_week(project)
    return project


def stored(project: Project, key: str, path: str) -> object:
    """Fetch a figure from the store, by the words of a footnote alone."""
    kind, _, number = key.removeprefix("garden-").partition("-")
    first = int(number.split("-")[0]) if number else 0
    facts: object
    if kind == "opening":
        opening = next(o for o in project.store.ledger() if o.k == first)
        facts = {"number": opening.k, "at": opening.opened_at, "verdict": opening.verdict}
    elif kind == "model":
        model = next(m for m in project.store.models() if m.number == first)
        facts = {"number": model.number, "at": model.trained_at, **model.card}
    elif kind == "run":
        run = project.store.runs()[first - 1]
        facts = {"at": run.at, "command": run.command, "details": run.details}
    elif kind == "runs":
        last = int(number.split("-")[1])
        runs = project.store.runs()[first - 1 : last]
        facts = {"n": len(runs), "n_days": len({r.at.date() for r in runs}), "seconds": sum(r.seconds for r in runs)}
    elif kind == "labels":
        last = int(number.split("-")[1])
        given = [event for n, event in project.store.labels_given() if first <= n <= last]
        facts = {
            "n": len(given),
            "n_items": len({event.name for event in given}),
            "n_suggested": sum(event.suggested for event in given),
        }
    else:
        facts = project.status().as_dict()
    for name, row in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        facts = facts[int(row)] if row else facts[name]  # type: ignore[index]  # whatever JSON can say
    return facts


def written(value: object) -> set[str]:
    """Give every way in which a stored figure may be said."""
    if isinstance(value, datetime):
        return {f"{value.day} {value:%B %Y}"}
    if isinstance(value, str):
        return {value, value.partition("-")[0], re.sub(r"([*\[\]])", r"\\\1", value)}
    if isinstance(value, int):
        return {f"{value:,}", about(value)}
    assert isinstance(value, float)
    return {percent(value), percent(value).removesuffix(" %"), points(value), f"+{points(value)}", f"{value:.0f} s"} | {
        f"{value / 60:.0f} min"
    }


def test_every_number_of_a_chapter_leads_to_the_store(garden: Project, tmp_path: Path) -> None:
    """Each number stands in a footnote of its own line with a path, and the store holds that figure at that path."""
    text = chapter_at(tmp_path / "journal", garden, now=EVENING).path.read_text(encoding="utf-8")
    body = text.split("---\n", 2)[2]
    said = {
        found["key"]: dict(re.findall(r"`([^`]+)` ((?:(?!; `).)+)", found["said"]))
        for found in DEFINITION.finditer(body)
    }
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith(("[^", "[//]", "!["))]
    followed = 0
    for line in lines:
        keys, plain = MARK.findall(line), CODE.sub("", MARK.sub("", line))
        figures = [(key, path, shown) for key in keys for path, shown in said[key].items()]
        for number in numbers(plain):
            sources = [(k, p, shown) for k, p, shown in figures if number.text in shown or shown in number.text]
            followed += 1

            assert any(shown in written(stored(garden, key, path)) for key, path, shown in sources), (line, number)
    assert followed > 40
    assert len(said) == 8


def test_a_chapter_tells_what_was_done(garden: Project, tmp_path: Path) -> None:
    """Verdict, trainings, labels and what followed them, audit and bias stand in the sections of learners."""
    text = chapter_at(tmp_path / "journal", garden, now=EVENING).path.read_text(encoding="utf-8")

    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Progress",
        "Projects",
        "Meetups and reading",
        "What kept me focused",
        "What I explore now",
        "What I learned from challenges",
        "Next steps",
    ]
    assert "not shown to be better than the best simple rule. The model: 9 of 10 right" in text
    assert "7 labels given** in garden on 7 items, 4 with the model's suggestion in sight" in text
    assert "Before: 320 of 400 right" in text
    assert "after: 344 of 400 right" in text
    assert "named 13 doubtful things: labels, outliers and shortcuts." in text
    assert "found 2 gaps in 240 answers" in text
    assert "Ada" not in text


def test_names_of_data_command_nothing(garden: Project, tmp_path: Path) -> None:
    """A rule that is called with signs of Markdown or HTML stands in the chapter as it is called."""
    journal = tmp_path / "journal"
    chapter_at(journal, garden, now=EVENING)
    from florilegium.journal.site import build

    html = build(read_journal(journal), preview=True).files["2026-11-30.html"].decode()

    assert "keywords *and* [more]" in html
    assert "model &lt;b&gt;" in html
    assert "<b>" not in html


def test_the_picture_shows_the_figures_of_the_newest_verdict(garden: Project, tmp_path: Path) -> None:
    """Beside the chapter lies a picture of the ladder that names its event and needs nothing from elsewhere."""
    journal = tmp_path / "journal"
    chapter_at(journal, garden, now=EVENING)
    (picture,) = (journal / "pictures").iterdir()
    svg = picture.read_text(encoding="utf-8")

    assert picture.name == "2026-11-30-garden-opening-1.svg"
    assert "<desc>garden, opening 1</desc>" in svg
    assert "90.0 %" in svg
    assert "href" not in svg


@pytest.mark.chromium
def test_the_picture_can_be_read_on_a_phone(garden: Project, tmp_path: Path, browser: Browser) -> None:
    """As wide as a phone its letters have at least 9 px, and no name runs over its edge."""
    chapter_at(tmp_path / "journal", garden, now=EVENING)
    (picture,) = (tmp_path / "journal" / "pictures").iterdir()
    long = picture.read_text(encoding="utf-8").replace(">majority<", ">a rule with a name of 30 letters<")
    # As an image 350 px wide: inside a frame of that width, so that the drawing's own rule for narrow places holds.
    narrow = long.replace('width="700"', 'width="350"', 1).replace('height="', 'data-height="', 1)
    (tmp_path / "phone.html").write_text(narrow, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 366, "height": 800})
    tab.goto((tmp_path / "phone.html").as_uri())
    texts = tab.evaluate(
        """() => [...document.querySelectorAll("text")].map((text) => {
            const box = text.getBoundingClientRect(), whole = document.querySelector("svg").getBoundingClientRect();
            return [box.left - whole.left, whole.right - box.right, parseFloat(getComputedStyle(text).fontSize) / 2];
        })"""
    )
    tab.close()

    assert len(texts) >= 8
    assert min(size for *_, size in texts) >= 9
    assert all(left >= 0 and right >= 0 for left, right, _ in texts), texts


def test_twice_on_one_day_is_safe(garden: Project, tmp_path: Path) -> None:
    """An edited chapter stays byte for byte; an untouched one is brought up to date; nothing is told twice."""
    journal = tmp_path / "journal"
    first = chapter_at(journal, garden, now=EVENING)
    again = chapter_at(journal, None, now=EVENING + timedelta(hours=1))
    train(garden, 350, at=EVENING + timedelta(hours=2))
    newer = chapter_at(journal, None, now=EVENING + timedelta(hours=2, minutes=1))
    mine = newer.path.read_text(encoding="utf-8").replace("## Projects", "I saw a *heron*.\n\n## Projects")
    newer.path.write_text(mine, encoding="utf-8")
    judge(garden, f"{3:064}", at=EVENING + timedelta(hours=3))
    kept = chapter_at(journal, None, now=EVENING + timedelta(hours=3, minutes=1))
    next_day = chapter_at(journal, None, now=EVENING + timedelta(days=1))

    assert (first.is_new, first.was_rewritten) == (True, False)
    assert (again.is_new, again.was_rewritten, again.n_events) == (False, False, 0)
    assert newer.was_rewritten
    assert (kept.is_new, kept.was_rewritten, kept.n_events) == (False, False, 3)  # an opening, a run, the sum of runs
    assert kept.path.read_text(encoding="utf-8") == mine
    tomorrow = next_day.path.read_text(encoding="utf-8")
    assert "opening 2" in tomorrow
    assert "Trained model" not in tomorrow


def test_setting_a_chapter_free_counts_as_an_edit(garden: Project, tmp_path: Path) -> None:
    """Who changes nothing but `draft: false`, a title or a tag has edited the chapter."""
    journal = tmp_path / "journal"
    made = chapter_at(journal, garden, now=EVENING)
    free = made.path.read_text(encoding="utf-8").replace("draft: true", "draft: false")
    made.path.write_text(free, encoding="utf-8")
    train(garden, 350, at=EVENING)

    chapter_at(journal, None, now=EVENING + timedelta(minutes=1))

    assert made.path.read_text(encoding="utf-8") == free


def test_next_steps_are_asked_for(garden: Project, tmp_path: Path) -> None:
    """The next chapter lists the last one's steps: ticked by hand, seen in the record, or still open."""
    journal = tmp_path / "journal"
    steps = "## Next steps\n\n- [x] read the 2 papers\n- [ ] train again\n- [ ] call 3 growers\n"
    write_chapter(journal, "2026-11-20", steps)

    text = chapter_at(journal, garden, now=EVENING).path.read_text(encoding="utf-8")

    assert "Planned in [the chapter of 20 November 2026](2026-11-20.md)" in text
    assert "- [x] read the 2 papers[^journal-chapter-20261120]" in text
    assert re.search(
        r"- \[x\] train again \(the record has it: train, 29 November 2026\)\[\^.*\]\[\^garden-run-3\]", text
    )
    assert "- [ ] call 3 growers[^journal-chapter-20261120]" in text


def test_a_clock_that_is_set_back_hides_nothing(garden: Project, tmp_path: Path) -> None:
    """A clock behind the last chapter is named with the cure; what is recorded under it is told all the same."""
    journal = tmp_path / "journal"
    chapter_at(journal, garden, now=EVENING)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    train(garden, 355, at=long_ago)

    with pytest.raises(InputError, match=r"the clock says 2020-01-01, but 2026-11-30\.md .*--date 2020-01-01"):
        chapter_at(journal, None, now=long_ago)
    made = chapter_at(journal, None, now=long_ago, day=date(2020, 1, 1))
    assert "Trained model 3" in made.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("now", "day", "until"),
    [
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), "2026-10-25", "2026-10-25T00:30:00+02:00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25", "2026-10-25T02:30:00+02:00"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25", "2026-10-25T02:30:00+01:00"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29", "2026-03-29T03:00:00+02:00"),
    ],
)
def test_dates_are_the_learners(tmp_path: Path, now: datetime, day: str, until: str) -> None:
    """A chapter's day is the one on the learner's wall, through both changes of summer time."""
    journal = tmp_path / "journal"
    journal.mkdir()
    (journal / "journal.toml").write_text('zone = "Europe/Berlin"\n', encoding="utf-8")

    made = chapter_at(journal, None, now=now)

    assert made.path.name == f"{day}.md"
    assert f"until: {until}\n" in made.path.read_text(encoding="utf-8")
    assert read_journal(journal).chapters[0].head.until == now


def test_an_event_is_told_under_the_learners_day(tmp_path: Path) -> None:
    """What was done at 20:30 in Greenwich was done the day after in Auckland."""
    project = project_at(tmp_path)
    journal = tmp_path / "journal"
    journal.mkdir()
    (journal / "journal.toml").write_text('zone = "Pacific/Auckland"\n', encoding="utf-8")
    train(project, 320, at=datetime(2026, 11, 28, 20, 30, tzinfo=UTC))

    text = chapter_at(journal, project, now=EVENING).path.read_text(encoding="utf-8")

    assert "**Trained model 1 of garden** (29 November 2026)" in text
    assert datetime(2026, 11, 28, 20, 30, tzinfo=UTC).astimezone(ZoneInfo("Pacific/Auckland")).day == 29


def test_a_journal_without_a_project_has_its_sections(tmp_path: Path) -> None:
    """Without a project the chapter has the same headings and no figure at all."""
    made = chapter_at(tmp_path / "journal", None, now=EVENING)
    body = made.path.read_text(encoding="utf-8").split("---\n", 2)[2]

    assert body.count("## ") == 7
    assert [n for n in numbers(body) if n.unit is not Unit.PLAIN or "[//]" not in body] == []
    assert "[^" not in body


def test_an_empty_project_tells_nothing(tmp_path: Path) -> None:
    """A project without items or runs adds no line about items, and no error."""
    (tmp_path / "empty").mkdir()
    from florilegium.project import prepare

    with prepare(tmp_path / "garden", tmp_path / "empty") as project:
        made = chapter_at(tmp_path / "journal", project, now=EVENING)

    assert made.n_events == 0
    assert "items" not in made.path.read_text(encoding="utf-8")


def test_a_project_that_is_gone_is_left_out_with_a_word(garden: Project, tmp_path: Path) -> None:
    """One that the journal names is noted and left out; one that is asked for is an error."""
    journal = tmp_path / "journal"
    chapter_at(journal, garden, now=EVENING)
    garden.store.close()
    (tmp_path / "garden").rename(tmp_path / "moved")

    made = chapter_at(journal, None, now=EVENING + timedelta(days=1))

    assert [note[:21] for note in made.notes] == ["garden is left out: /"]
    with pytest.raises(ProjectMissing):
        chapter_at(journal, garden, now=EVENING + timedelta(days=2))
    third = chapter_at(journal, None, now=EVENING + timedelta(days=2))
    assert "record: []" not in third.path.read_text(encoding="utf-8")
    assert any("garden" in line for line in read_journal(journal).chapters[-1].head.record)


def test_several_projects_have_names_of_their_own(tmp_path: Path) -> None:
    """Two folders of one name get two short names, and the journal's own names stay."""
    first, second = tmp_path / "a" / "Rosen & Co", tmp_path / "b" / "Rosen & Co"

    assert short_names([first, second], {}) == {"rosen-co": first, "rosen-co-2": second}
    assert short_names([first], {"roses": first}) == {"roses": first}
    assert short_names([second], {"rosen-co": first}) == {"rosen-co-2": second}


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('zone = "Europe/Berlim"', "no such time zone"),
        ('zone = "../etc/passwd"', "no such time zone"),
        ('name = "x"', "name: no such setting"),
        ("title = 3", "title = 3: expected text"),
        ('address = "javascript:alert(1)"', "expected one such as https://"),
        ('projects = "x"', "projects: expected lines"),
        ("title", "not valid TOML"),
    ],
)
def test_faulty_settings_are_named(tmp_path: Path, toml: str, said: str) -> None:
    """What is wrong in journal.toml is said with what was expected."""
    (tmp_path / "journal.toml").write_text(toml, encoding="utf-8")

    with pytest.raises(SettingError, match=re.escape(said)):
        chapter_at(tmp_path, None, now=EVENING)
