"""What is left, and whether to stop, in words that a beginner understands. Path: **active** (used by errors_left).

Reads the numbers and says them; computes none.
"""

from florilegium.active.judged import ErrorsLeft
from florilegium.evaluation.words import counted, percent


def sentence(found: ErrorsLeft) -> str:
    """Say what was looked at, what was found, and how much is left with its range."""
    if found.estimate is None and found.n_judged == 0:
        return f"No label is judged yet, so any number from 0 to {found.high:,} may be wrong."
    all_of_them = counted(found.n_items, "label")
    says = [f"You looked at {found.n_judged:,} of {all_of_them} and found {found.n_wrong_found:,} wrong."]
    if found.n_left_to_judge == 0:
        return " ".join([*says, "None is left to look at.", *_unsure(found)])
    says += [_rest(found), *_unsure(found)]
    return " ".join(says)


def _rest(found: ErrorsLeft) -> str:
    others = f"Of the other {found.n_left_to_judge:,}"
    if found.n_random == 0:
        within = f"{found.low:,} to {found.high:,} are wrong"
        return f"{others} none was drawn at random, so nothing is known of them: {within}."
    about = "" if found.estimate is None else f"about {found.estimate:,} "
    says = f"{others} {about}are wrong ({found.low:,} to {found.high:,})"
    if found.high_if_ranked < found.high:
        says += f", at most {found.high_if_ranked:,} if the list is no worse than chance"
    return says + "."


def _unsure(found: ErrorsLeft) -> list[str]:
    if not found.n_unsure:
        return []
    labels = counted(found.n_unsure, "label")
    return [f"{labels} that you were unsure of may be right or wrong: the range allows for both; ask a second person."]


def advice(found: ErrorsLeft) -> str:
    """Say whether to go on, and what would be enough."""
    accepted = f"{found.tolerated:,} ({percent(found.tolerated / found.n_items)})" if found.n_items else "0"
    if found.n_left_to_judge == 0:
        return "Stop: every label was looked at."
    if found.stop:
        return f"Stop: at most {found.high_if_ranked:,} wrong labels are left, and you accept {accepted}."
    if found.n_right_to_stop is None:
        return f"Go on: up to {found.high_if_ranked:,} wrong labels may be left, and you accept {accepted}."
    return f"Go on: if the next {counted(found.n_right_to_stop, 'label')} are right, you can stop."
