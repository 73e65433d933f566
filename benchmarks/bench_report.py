"""How long a report takes: 20 classes, 400 test items with pictures, the whole page.

Promised: 1.0 s after imports, the first time in a process. Beside it, as a peer, Altair with vl-convert drawing only
the ladder and the reliability diagram of the same account (docs/decisions/0003-charts.md).
"""

import sys
import time
from importlib.util import find_spec

import numpy as np

from florilegium.evaluation import calibration
from florilegium.report import Account, build
from tests.test_report_account import account

PROMISED_S = 1.0
SIZE_MOST = 3_000_000


def peer(told: Account) -> tuple[float, float]:
    """Give the seconds that Altair takes to be imported, and to draw two charts with vl-convert as SVG."""
    began = time.perf_counter()
    import altair as alt
    import vl_convert

    imported = time.perf_counter()
    verdict = told.verdict
    if verdict is None:
        raise TypeError("the made-up account has a verdict")
    rungs = [{"name": s.name, "value": s.accuracy, "low": s.low, "high": s.high} for s in verdict.baselines]
    bins = [
        {"name": b.confidence, "value": b.right.accuracy, "low": b.right.low, "high": b.right.high}
        for b in calibration(told.shown, rng=np.random.default_rng(0)).bins
    ]
    for rows, y in ((rungs, "name:N"), (bins, "name:Q")):
        base = alt.Chart(alt.InlineData(values=rows)).encode(y=y)
        chart = base.mark_rule().encode(x="low:Q", x2="high:Q") + base.mark_point().encode(x="value:Q")
        vl_convert.vegalite_to_svg(chart.to_json())
    return imported - began, time.perf_counter() - imported


def main() -> None:
    """Measure, print, and fail where the promise is broken."""
    told = account(400, [f"flower {i:02d}" for i in range(20)])
    seconds = []
    html = ""
    for _ in range(3):
        began = time.perf_counter()
        html = build(told)
        seconds.append(time.perf_counter() - began)
    n_bytes = len(html.encode())
    print(f"{'whole page, first in its process':<44} {seconds[0]:6.3f} s  promised {PROMISED_S:.1f} s")
    print(f"{'whole page, again':<44} {min(seconds[1:]):6.3f} s")
    print(f"{'size (pictures of 8 x 8 px)':<44} {n_bytes / 1e6:6.2f} MB promised {SIZE_MOST / 1e6:.0f} MB")
    if find_spec("altair") and find_spec("vl_convert"):
        imported, drawn = peer(told)
        print(f"{'peer: import altair and vl-convert':<44} {imported:6.3f} s")
        print(f"{'peer: its first two charts alone':<44} {drawn:6.3f} s")
    else:
        print("peer: altair skipped: not installed, `pip install altair vl-convert-python`")
    if seconds[0] > PROMISED_S or n_bytes > SIZE_MOST:
        sys.exit("slower or larger than promised")


if __name__ == "__main__":
    main()
