"""A desk is killed two hundred times while labels are given: what it acknowledged is there, and nothing twice."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from florilegium.project import Project
from florilegium.store import Said
from tests.desk_making import unlabelled_project

N_KILLS = 200
# One process loads the project and splits off a desk after the other, so that each costs milliseconds, not seconds. A
# desk tells each click as soon as `judge` has returned; its parent kills it at a moment drawn by chance.
PARENT = textwrap.dedent(
    """
    import json, os, signal, sys, time
    from pathlib import Path
    import numpy as np
    from florilegium.project import Project
    from florilegium.project.desk import Desk, DeskWish
    from florilegium.project.desk.card import Task
    from florilegium.store import Said

    folder, n_kills = Path(sys.argv[1]), int(sys.argv[2])
    with Project(folder) as project:
        holdings = project.holdings()
    rng, told = np.random.default_rng(0), []
    for n in range(n_kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            project = Project(folder)
            desk = Desk(project, holdings, DeskWish())
            for row in range(len(holdings.dataset)):
                # Back and forth between two classes, so that there is no end of clicks.
                label = f"class {n % 2}" if desk.memory.labels[row] != f"class {n % 2}" else "other"
                card = desk.drawn(row, Task.THIRD, "random", "ann")
                desk.judge(card.ticket, Said.LABEL, label, who="ann", new_class=True)
                os.write(writing, json.dumps([holdings.dataset.names[row], label]).encode() + b"\\n")
            time.sleep(60)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            first = said.readline()  # it is at work
            time.sleep(rng.uniform(0, 0.05))
            os.kill(child, signal.SIGKILL)
            lines = [first, *said.readlines()]
        os.waitpid(child, 0)
        told += [json.loads(line) for line in lines if line.endswith(b"\\n")]
    print(json.dumps(told))
    """
)


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    """Each acknowledged click stands in the record, in order and once, with the label event that belongs to it."""
    unlabelled_project(tmp_path, n=60)
    done = subprocess.run(
        [sys.executable, "-c", PARENT, str(tmp_path / "project"), str(N_KILLS)],
        capture_output=True,
        text=True,
        check=True,
    )
    told = [tuple(each) for each in json.loads(done.stdout)]
    with Project(tmp_path / "project") as project:
        kept = [(j.name, j.label) for j in project.store.judgements.all() if j.verdict is Said.LABEL]
        events = [(e.name, e.label) for e in project.store.label_events()]

    assert len(told) >= N_KILLS
    assert kept == events
    assert len(kept) - len(told) <= N_KILLS  # at most the click that was under way at each kill
    rest = iter(kept)
    assert all(each in rest for each in told)  # told is what is kept, in order, but for clicks under way
