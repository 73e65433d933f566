"""`demo` and `run`: all stages in one go, each shown as it is done. Path: project -> **cli**."""

import time
from pathlib import Path
from typing import Any

from florilegium.cli import show
from florilegium.cli.bars import Bars
from florilegium.cli.documents import audited_dict, reading_dict, trained_dict
from florilegium.cli.hints import with_folder
from florilegium.cli.terminal import console
from florilegium.evaluation import verdict_dict
from florilegium.project import prepare
from florilegium.source.base import Kind

MOST_FINDINGS = 8  # in the summary; `florilegium audit` shows all


def whole_way(source: str, output: Path, choices: dict[str, Any], *, bars: Bars, quiet: bool) -> dict[str, Any]:
    """Go through all stages and give what each found as one JSON document.

    A stage that was interrupted is taken up again by running the same command.
    """
    began = time.monotonic()
    out = console(quiet=quiet)
    with prepare(output, source, progress=bars, **choices) as project:
        reading = project.new()
        status = project.status()
        bars.stop()
        show.heading(out, f"Read {status.source}")
        show.reading(out, reading, folder=output)
        show.status_line(out, status)

        audited = with_folder(project.audit(), output)
        bars.stop()
        show.heading(out, "Audit: what is doubtful in the data")
        show.findings(out, audited.findings, most=MOST_FINDINGS, folder=output)

        trained = project.train()
        bars.stop()
        show.heading(out, "Baselines first, then the model (cross-validated; the test set stays sealed)")
        show.trained(out, trained)

        verdict = project.verdict()
        bars.stop()
        show.heading(out, f"Verdict on the sealed test set ({verdict.n_test:,} items, opening {verdict.opening})")
        show.verdict(out, verdict)

        counts, classes = project.confusion()
        show.heading(out, "What is taken for what (truth down, answer across)")
        show.confusion(out, counts, classes)

        reported = project.report()
        bars.stop()
        show.heading(out, f"Written in {time.monotonic() - began:.0f} s")
        show.files(
            out,
            [
                (reported.path, "the whole story, one file for any browser"),
                (project.model_path, "the classifier, for any ONNX runtime"),
            ],
        )
        texts = project.holdings().dataset.kind is Kind.TEXT
        show.next_steps(out, project.folder, reported.path, project.model_path, texts=texts)
        return {
            "project": str(project.folder),
            "new": reading_dict(reading, status),
            "audit": audited_dict(audited),
            "train": trained_dict(trained),
            "verdict": verdict_dict(verdict),
            "report": {"path": str(reported.path), "n_bytes": reported.n_bytes},
        }
