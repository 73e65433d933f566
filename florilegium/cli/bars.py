"""Draw progress on standard error. Path: project -> **cli**. Never writes to standard output."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Task as RichTask
from rich.text import Text

QUIET_S = 0.5  # a step that is done sooner draws no bar: flicker tells nobody anything


class RateColumn(TextColumn):
    """Units per second."""

    def __init__(self) -> None:
        """Take the style of a plain column."""
        super().__init__("")

    def render(self, task: RichTask) -> Text:
        """Say how many units a second, once that is known."""
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s", style="dim")


class Bars:
    """Hear progress from the stages and draw one bar per step: count, rate and remaining time.

    In a terminal the bars are live; elsewhere each finished step that took long leaves one line.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        """Prepare to draw; with `quiet`, draw nothing."""
        self._console = Console(stderr=True, quiet=quiet)
        self._live = self._console.is_terminal and not quiet
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Begin; nothing is drawn before a step reports."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bars away, whatever happened."""
        self.stop()

    def stop(self) -> None:
        """Take the bars away, so that results can be printed; a later step draws anew."""
        if self._bars is not None:
            self._bars.stop()
            self._bars, self._tasks = None, {}

    def __call__(self, step: str, done: int, total: int | None, /) -> None:
        """Take note of `done` of `total` units of `step`."""
        now = time.monotonic()
        began = self._started.setdefault(step, now)
        finished = total is not None and done >= total
        if self._live and (step in self._tasks or (now - began > QUIET_S and not finished)):
            self._draw(step, done, total)
        elif not self._live and finished and now - began > QUIET_S:
            print(f"{step}: {done:,} in {now - began:.1f} s", file=sys.stderr) if not self._console.quiet else None
        if finished:
            self._started.pop(step, None)
            if step in self._tasks and self._bars is not None:
                self._bars.remove_task(self._tasks.pop(step))

    def _draw(self, step: str, done: int, total: int | None) -> None:
        if self._bars is None:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                RateColumn(),
                TimeRemainingColumn(compact=True),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done, total=total)
