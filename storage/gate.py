"""The gate before a promotion: a model that was judged has to be better, or somebody has to say why not."""

from __future__ import annotations

import json
from typing import Any, Literal

from storage.battles import Evidence, evidence
from storage.database import Store
from storage.records import Evaluation, Model

LONGEST_REASON = 2000  # characters
FEWEST_PROMPTS = 20  # below that the bootstrap's interval is too narrow to go by, and chance is easily taken for a gain


def may_promote(evaluation: Evaluation) -> bool:
    """Whether the candidate is better: the lower end of its win rate's interval is above one half.

    That of the interval which holds the judge's own errors too, where there is one; and on prompts enough.
    """
    return _is_above_one_half(evaluation) and evaluation.prompts >= FEWEST_PROMPTS


def people_say(found: Evidence | None) -> Literal["better", "worse", "open"]:
    """What blind votes of people say of a model against another, if they are on prompts enough to say anything."""
    if found is None or found.prompts < FEWEST_PROMPTS:
        return "open"
    return "better" if found.share.low > 0.5 else "worse" if found.share.high < 0.5 else "open"


def passes(store: Store, evaluation: Evaluation) -> bool:
    """Whether the candidate of an evaluation is better, by its judge and by people who judged it blind.

    People come before the judge, which only guesses what they would say: where they find it worse it never passes, and
    where they find it better it passes unless the judge is sure of the contrary. Otherwise the judge decides.
    """
    said = people_say(evidence(store, evaluation.model_id, evaluation.against_id))
    if said == "open":
        return may_promote(evaluation)
    return said == "better" and evaluation.high >= 0.5


def objection(store: Store, model: Model) -> str | None:
    """What stands against promoting a model, in a sentence, or None.

    A round's candidate needs the verdict of its own round; any other model that was compared with the promoted one
    needs the newest such comparison. A model that was never judged may be promoted, unless people found it worse than
    the promoted one, and one that was promoted before, unless it was rolled back from.
    """
    if model.status == "former" and _gave_way_to_a_newer(store, model):
        return None
    made_by = store.row("SELECT round_id FROM rounds WHERE candidate_id = ?", [model.model_id])
    evaluation = _of_round(store, model) if made_by else _against_promoted(store, model)
    if evaluation is None:
        if made_by:
            return f"{model.name} has no verdict of its round {made_by['round_id']} yet."
        promoted = store.row("SELECT model_id FROM promotions ORDER BY promotion_id DESC LIMIT 1")
        return _of_people(store, model, promoted["model_id"]) if promoted else None
    if passes(store, evaluation):
        return None
    if (said := _of_people(store, model, evaluation.against_id)) is not None:
        return said
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


def _of_people(store: Store, model: Model, against_id: int) -> str | None:
    """The objection of people who found the model worse than another, or None."""
    found = evidence(store, model.model_id, against_id)
    if found is None or people_say(found) != "worse":
        return None
    other = store.row("SELECT name FROM models WHERE model_id = ?", [against_id])
    assert other is not None
    return (
        f"{model.name} is worse than {other['name']} to people who judged the two blind: it wins "
        f"{found.share.value:.0%} ({found.share.low:.0%} to {found.share.high:.0%}) on {found.prompts} prompts."
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
