"""Three hundred times kill -9 under load: of the server on SQLite, of the server and of PostgreSQL itself.

    python -m benchmarks durability             300 kills: 100 on SQLite, 200 on PostgreSQL (half of them its own)
    python -m benchmarks durability 30          fewer, in the same shares

Clients send labels and take them back, ask for answers and contest them, and review what was contested, through two
processes of the whole server at once, each write with its own number, and send again what was not answered. It fails
where an acknowledged write is missing, anything is there twice, or events and state differ.
What bounds the rate is the machine's `fsync`; no peer makes this promise.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.durability import Outcome, rounds
from benchmarks.durability_cases import WRITERS
from florilegium.project import Project, restore
from tests.durability_making import half_labelled
from tests.postgres_serving import missing, postgres

N_KILLS, N_ITEMS, N_CLIENTS = 300, 40, 2  # clients of each kind


def show(where: str, outcome: Outcome) -> bool:
    """Print what a run brought; tell whether all promises were kept."""
    print(
        f"{where:<12} {outcome.n_kills:>4} kills ({outcome.n_database_kills} of the database)  "
        f"{outcome.n_acknowledged:>7,} acknowledged of {outcome.n_sent:,} sent  {outcome.n_again:,} sent again  "
        f"{sum(outcome.refused.values()):,} refused  {outcome.seconds:.0f} s  {'FAULTS' if outcome.faults else 'ok'}",
        flush=True,
    )
    for said, times in outcome.refused.items():
        print(f"    refused {times} x: {said[:160]}")
    for fault in outcome.faults:
        print(f"    FAULT {fault}")
    return not outcome.faults


def on_sqlite(folder: Path, n: int) -> bool:
    """Kill servers of a project in a file."""
    return show("SQLite", rounds(folder / "project", n=n, n_clients=N_CLIENTS, writers=WRITERS))


def on_postgres(folder: Path, n: int) -> bool:
    """Kill servers, and PostgreSQL, of a project there."""
    if (reason := missing()) is not None:
        print(f"PostgreSQL   skipped: {reason}")
        return True
    with Project(folder / "project") as project:
        archive = project.backup(folder / "moved.zip").path
    with postgres() as server:
        url = server.new_url()
        restore(archive, folder / "there", database=url)

        def kill() -> None:
            server.kill()
            server.start()

        return show(
            "PostgreSQL",
            rounds(folder / "there", n=n, n_clients=N_CLIENTS, writers=WRITERS, kill_database=kill, seed=1),
        )


def main() -> None:
    """Run both; exit with 1 where a promise was broken."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else N_KILLS
    with tempfile.TemporaryDirectory() as place:
        for name in ("a", "b"):
            half_labelled(Path(place) / name, n=N_ITEMS)
        kept = [on_sqlite(Path(place) / "a", n // 3), on_postgres(Path(place) / "b", n - n // 3)]
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
