"""The gate before a promotion: a model that was judged has to be better, or somebody has to say why not."""

from __future__ import annotations

import json
from typing import Any

from storage.database import Store
from storage.records import Evaluation, Model

LONGEST_REASON = 2000  # characters
FEWEST_PROMPTS = 20  # below that the bootstrap's interval is too narrow to go by, and chance is easily taken for a gain


def may_promote(evaluation: Evaluation) -> bool:
    """Whether the candidate is better: the lower end of its win rate's interval is above one half.

    That of the interval which holds the judge's own errors too, where there is one; and on prompts enough.
    """
    return _is_above_one_half(evaluation) and evaluation.prompts >= FEWEST_PROMPTS


def objection(store: Store, model: Model) -> str | None:
    """What stands against promoting a model, in a sentence, or None.

    A round's candidate needs the verdict of its own round; any other model that was compared with the promoted one
    needs the newest such comparison. A model that was never judged may be promoted, and one that was promoted before,
    unless it was rolled back from.
    """
    if model.status == "former" and _gave_way_to_a_newer(store, model):
        return None
    made_by = store.row("SELECT round_id FROM rounds WHERE candidate_id = ?", [model.model_id])
    evaluation = _of_round(store, model) if made_by else _against_promoted(store, model)
    if evaluation is None:
        return f"{model.name} has no verdict of its round {made_by['round_id']} yet." if made_by else None
    if may_promote(evaluation):
        return None
    other = store.row("SELECT name FROM models WHERE model_id = ?", [evaluation.against_id])
    assert other is not None
    if _is_above_one_half(evaluation):
        return (
            f"{model.name} was compared with {other['name']} on {evaluation.prompts} prompts alone, and a verdict that "
            f"promotes takes at least {FEWEST_PROMPTS}."
        )
    return (
        f"{model.name} is not shown to be better than {other['name']}: it wins {evaluation.win_rate:.0%} "
        f"({evaluation.low:.0%} to {evaluation.high:.0%}{_as_voters(evaluation)})."
    )


def _is_above_one_half(evaluation: Evaluation) -> bool:
    return min(evaluation.low, evaluation.result.get("voter_low", 1.0)) > 0.5


def _gave_way_to_a_newer(store: Store, model: Model) -> bool:
    """Whether the model's last time as the promoted one ended with another's promotion, and not with a rollback."""
    row = store.row(
        "SELECT p.promotion_id, (SELECT n.previous_id FROM promotions n WHERE n.promotion_id > p.promotion_id"
        " ORDER BY n.promotion_id LIMIT 1) AS followed FROM promotions p WHERE p.model_id = ?"
        " ORDER BY p.promotion_id DESC LIMIT 1",
        [model.model_id],
    )
    return row is not None and row["followed"] == row["promotion_id"]


def to_evaluation(row: dict[str, Any]) -> Evaluation:
    """A row of the evaluations table as a record."""
    return Evaluation(**{**row, "result": json.loads(row["result"])})


def _of_round(store: Store, model: Model) -> Evaluation | None:
    row = store.row(
        "SELECT e.* FROM evaluations e JOIN jobs j USING (job_id) JOIN rounds r USING (round_id)"
        " WHERE r.candidate_id = ? AND e.model_id = r.candidate_id ORDER BY evaluation_id DESC LIMIT 1",
        [model.model_id],
    )
    return to_evaluation(row) if row else None


def _against_promoted(store: Store, model: Model) -> Evaluation | None:
    """The newest comparison of the model's plain samples with the promoted model's."""
    row = store.row(
        "SELECT * FROM evaluations WHERE model_id = ? AND json_extract(result, '$.best_of') IS NULL AND against_id ="
        " (SELECT model_id FROM promotions ORDER BY promotion_id DESC LIMIT 1) ORDER BY evaluation_id DESC LIMIT 1",
        [model.model_id],
    )
    return to_evaluation(row) if row else None


def _as_voters(evaluation: Evaluation) -> str:
    low = evaluation.result.get("voter_low")
    if low is None or low > 0.5:
        return ""
    return f"; counting the judge's own errors, from {low:.0%} on"
