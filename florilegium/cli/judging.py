"""`verdict`, `report` and `status`: what is known about a project. Path: project -> **cli**."""

from pathlib import Path

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json


def verdict(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Open the sealed test set for the current model: better than the best baseline, not shown to be, or worse.

    Every opening is recorded and the next one is judged more strictly. Asked again about the same model, it shows what
    is recorded and opens nothing.

    [bold]Example[/bold]: florilegium verdict -p flowers/ --json
    """
    from florilegium.cli import show

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = opened.verdict()
        bars.stop()
        if as_json:
            from florilegium.evaluation import verdict_dict

            print_json(verdict_dict(result))
        else:
            show.verdict(console(), result)


def report(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Write everything known about the current model into one HTML file that needs no network.

    [bold]Example[/bold]: florilegium report -p flowers/
    """
    from florilegium.cli import show

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = opened.report()
        bars.stop()
        if as_json:
            print_json({"path": str(result.path), "n_bytes": result.n_bytes})
        else:
            show.files(console(), [(result.path, "the report, one file")])


def status(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Say what a project holds and what comes next.

    [bold]Example[/bold]: florilegium status -p flowers/
    """
    from florilegium.cli import show

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = opened.status()
        print_json(result.as_dict()) if as_json else show.status(console(), result)
