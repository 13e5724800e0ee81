"""The Align page in Chromium; the test does the worker's part, one stage after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from alignment import continuous, rounds
from labeling import session
from labeling.accounts import ensure_user
from storage import jobs, recipes, registry, snapshots
from storage import rounds as round_rows
from storage.database import Store
from tests.conftest import add_pairs
from tests.served import served, window
from tests.test_rounds import add_heldout, add_votes, finish

pytestmark = pytest.mark.browser
TRAINED = {"train_pairs": 40, "heldout_pairs": 20, "accuracy": 0.7, "accuracy_low": 0.55, "accuracy_high": 0.82}


@pytest.fixture
def page(store: Store, browser: Browser) -> Iterator[Page]:
    with served(store) as address, window(browser, f"{address}/align") as opened:
        yield opened


@pytest.fixture
def voted(store: Store) -> None:
    """Votes and held-out prompts enough for a round."""
    add_votes(store, 60)
    add_heldout(store, 8)


def click(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def finish_round(store: Store, **evaluation: Any) -> None:
    for _ in ("reward", "judge", "policy"):
        finish(store, dict(TRAINED))
    finish(store, {"win_rate": 0.7, "low": 0.6, "high": 0.8, "prompts": 64, **evaluation})


def test_too_few_labels_are_said_before_anything_is_pressed(page: Page) -> None:
    expect(page.locator(".labels")).to_have_text(re.compile("A round needs 24 votes for one side, and there are 0"))


def test_a_comparison_without_policies_is_one_sentence(page: Page) -> None:
    expect(page.locator(".comparisons, .quiet", has_text="No two models")).to_be_visible()
    click(page, "Compare")
    expect(page.locator(".notice.trouble")).to_have_text(
        "A comparison takes two policies: choose one, and one to compare it with."
    )


@pytest.mark.usefixtures("voted")
def test_a_round_is_started_followed_promoted_and_rolled_back(store: Store, page: Page) -> None:
    parent = registry.require_promoted(store).name
    expect(page.locator(".labels")).to_have_text(re.compile("enough for a round"))
    click(page, "Start a round")
    expect(page.locator(".notice")).to_have_text(re.compile("Round 1 has started"))
    baseline = {"best_of": 8, "win_rate": 0.8, "low": 0.75, "high": 0.85}
    beaten = {"beaten": 0.4, "beaten_low": 0.35, "beaten_high": 0.45}
    example = {"prompt": "Why?", "answer": "<b>So</b>", "against": "No.", "score": 1.0}
    finish_round(store, examples=[example], baseline={**baseline, **beaten})
    expect(page.locator("h1")).to_have_text("May I promote round-1?")
    expect(page.locator(".answer")).to_have_text(
        f"Yes: by its judge, on 64 held-out prompts, round-1 wins 70% against {parent}, "
        "and the whole 95% interval (60% to 80%) is above one half."
    )
    expect(page.locator(".rival")).to_have_text(
        f"round-1 does not beat the best of 8 answers of {parent}, which takes no training: against that it wins "
        "40% (35 to 45)."
    )
    expect(page.locator("td", has_text="round-1 wins")).to_have_text(
        "round-1 wins 70% (60 to 80), the best of 8 wins 80% (75 to 85)"
    )
    page.locator(".card.verdict").get_by_text("Read 1 answers").click()
    expect(page.locator(".card.verdict .pair p").first).to_have_text("<b>So</b>")
    click(page, "Promote round-1")
    expect(page.locator("h1")).to_have_text("round-1 is promoted.")
    assert registry.require_promoted(store).name == "round-1"
    click(page, f"Roll back to {parent}")
    expect(page.locator("h1")).to_have_text("May I promote round-1?")
    assert registry.require_promoted(store).name == parent


@pytest.mark.usefixtures("voted")
def test_against_the_verdict_a_promotion_takes_a_reason_which_is_shown(store: Store, page: Page) -> None:
    click(page, "Start a round")
    expect(page.locator(".notice")).to_have_text(re.compile("Round 1 has started"))
    finish_round(store, win_rate=0.5, low=0.4, high=0.6)
    expect(page.locator(".answer")).to_have_text(re.compile("^Not yet"), timeout=15_000)
    click(page, "Promote round-1 all the same")
    expect(page.locator(".notice")).to_have_text(re.compile("round-1 is not shown to be better"))
    page.get_by_label("Why it is promoted").fill("<i>It rhymes</i>")
    click(page, "Promote round-1 all the same")
    expect(page.locator("h1")).to_have_text("round-1 is promoted.")
    page.locator(".model summary", has_text="round-1").first.click()
    expect(page.locator(".model[open]")).to_contain_text("Promoted against its verdict, because: <i>It rhymes</i>")


def test_a_stale_roll_back_goes_nowhere_else(store: Store, page: Page) -> None:
    for tag in ("1", "2", "3"):
        add_pairs(store, 1, tag=tag)
    page.reload()
    expect(page.get_by_role("button", name="Roll back to policy2")).to_be_visible()
    registry.rollback(store, "somebody else")
    click(page, "Roll back to policy2")
    expect(page.locator(".notice")).to_have_text(re.compile("a step back goes to policy1 now, and not to policy2"))
    assert registry.require_promoted(store).name == "policy2"


def test_votes_on_held_out_prompts_are_told_apart(store: Store, page: Page) -> None:
    add_pairs(store, 3, "heldout")
    for showing in session.serve(store, "local", 3):
        session.vote(store, "local", showing.showing_id, "left", 3, "key")
    page.reload()
    expect(page.locator(".labels")).to_have_text(
        re.compile("^0 votes stand to learn from, 0 of them for one side. 3 more are on held-out prompts")
    )


@pytest.mark.usefixtures("voted")
def test_a_round_can_be_cancelled_and_resumed(store: Store, page: Page) -> None:
    click(page, "Start a round")
    click(page, "Cancel the round")
    expect(page.locator(".round h2")).to_have_text(re.compile("cancelled"))
    click(page, "Resume the round")
    expect(page.locator(".round h2")).to_have_text(re.compile("running"))
    finish_round(store, win_rate=0.5, low=0.4, high=0.6)
    expect(page.locator(".answer")).to_have_text(re.compile("^Not yet"))


@pytest.mark.usefixtures("voted")
def test_progress_and_curves_appear_while_the_round_runs(store: Store, page: Page) -> None:
    click(page, "Start a round")
    expect(page.locator(".notice")).to_be_visible()
    job = jobs.claim(store, "w")
    assert job is not None
    jobs.heartbeat(store, job, 0.4)
    jobs.add_metrics(store, job, [(1, "loss", 0.9), (2, "loss", 0.5)])
    expect(page.locator(".stage.running .share")).to_have_text("40%")
    expect(page.get_by_role("img", name="Loss: 0.5 at step 2, between 0.5 and 0.9")).to_be_visible()


@pytest.mark.usefixtures("voted")
def test_a_wrong_setting_is_one_sentence_that_names_the_nearest(store: Store, page: Page) -> None:
    page.get_by_text("Settings of the next round").click()
    page.get_by_label("More settings").fill("dpo.batchsize=4")
    click(page, "Start a round")
    expect(page.locator(".notice")).to_have_text(
        "The round recipe has no setting 'dpo.batchsize'. Did you mean 'dpo.batch_size'?"
    )
    page.get_by_label("More settings").fill("")
    page.get_by_label("Pull to the reference").fill("0.3")
    click(page, "Start a round")
    expect(page.locator(".notice")).to_have_text(re.compile("has started"))
    assert round_rows.get(store, 1).recipe["dpo"] == {"beta": 0.3}


@pytest.mark.usefixtures("voted")
def test_the_fields_are_those_of_the_method_that_is_chosen(store: Store, page: Page) -> None:
    page.get_by_text("Settings of the next round").click()
    page.get_by_label("Method").click()
    page.get_by_role("option", name="kto").click()
    page.get_by_label("Pull to the reference").fill("0.3")
    click(page, "Start a round")
    expect(page.locator(".notice")).to_have_text(re.compile("has started"))
    started = round_rows.get(store, 1)
    assert (started.method, started.recipe["kto"], started.recipe["dpo"]) == ("kto", {"beta": 0.3}, {})


@pytest.mark.usefixtures("voted")
def test_a_round_without_somebody_s_votes_is_started_and_replayed(store: Store, page: Page) -> None:
    ensure_user(store, "<b>tom</b>", "labeler")
    add_pairs(store, 1, tag="t")
    (showing,) = session.serve(store, "<b>tom</b>")
    session.vote(store, "<b>tom</b>", showing.showing_id, "left", 3, "key")
    page.reload()
    page.get_by_text("Settings of the next round").click()
    page.get_by_label("Without the votes of").click()
    page.get_by_role("option", name="<b>tom</b>").click()
    page.get_by_label("Seed").fill("3")
    click(page, "Start a round")
    expect(page.locator(".notice")).to_have_text(re.compile("has started"))
    this = round_rows.get(store, 1)
    assert this.recipe["exclude_labelers"] == ["<b>tom</b>"]
    assert snapshots.get(store, this.snapshot_id).rows == 60
    finish_round(store)
    expect(page.get_by_role("row", name="1 dpo, without <b>tom</b>")).to_contain_text("round-1 wins 70% (60 to 80)")
    page.get_by_label("Finished round").click()
    page.get_by_role("option", name="1", exact=True).click()
    click(page, "Replay the round")
    expect(page.locator(".round h2")).to_have_text(re.compile("Round 2, a replay of round 1 running"))
    finish_round(store)
    same = re.compile("The same as round 1 to the last bit: reward, judge, policy, evaluation")
    expect(page.locator(".round .estimate")).to_have_text(same, timeout=15_000)
    expect(page.locator("h1")).to_have_text("May I promote round-1?")


@pytest.mark.usefixtures("voted")
def test_two_models_are_compared_and_the_result_is_kept_and_listed(store: Store, page: Page) -> None:
    rounds.start(store, "dpo", {}, "local")
    finish_round(store)
    page.reload()
    expect(page.locator(".comparisons summary")).to_have_text(re.compile(r"^round-1 against \w+70% \(60 to 80\)"))
    page.get_by_label("Answers").click()
    page.get_by_role("option", name="the best of 8").click()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".comparisons p.model")).to_have_text(re.compile("^best of 8 of round-1 against .* queued 0%"))
    job = jobs.open_jobs(store, "evaluate")[0]
    models = {model.model_id: model.name for model in registry.models(store)}
    assert models[job.spec["recipe"]["judge"]["reward"]["model_id"]] == "round-1-judge"
    assert models[job.spec["recipe"]["reward_model"]["model_id"]] == "round-1-reward"
    example = {"prompt": "Why?", "answer": "<b>So</b>", "against": "No."}
    result = {"win_rate": 0.9, "low": 0.8, "high": 0.95, "prompts": 64, "best_of": 8, "examples": [example]}
    finish(store, result)
    newest = page.locator(".comparisons details.model").first
    expect(newest.locator("summary").first).to_have_text(re.compile(r"90% \(80 to 95\)"), timeout=10_000)
    newest.locator("summary").first.click()
    newest.get_by_text("Read 1 answers").click()
    expect(newest.locator(".pair p").first).to_have_text("<b>So</b>")


@pytest.mark.usefixtures("voted")
def test_without_a_judge_there_is_no_comparison(store: Store, page: Page) -> None:
    expect(page.get_by_label("Policy", exact=True)).to_have_value(re.compile("."))  # filled in as the page has loaded
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".notice.trouble")).to_have_text(re.compile("No round has trained a judge yet"))
    assert jobs.open_jobs(store, "evaluate") == []


@pytest.mark.usefixtures("voted")
def test_the_recipe_is_shown_saved_and_loaded_again(store: Store, page: Page) -> None:
    page.get_by_text("Settings of the next round").click()
    expect(page.locator(".recipe")).to_have_text(re.compile("^method: dpo\nseed: 0\n"))
    expect(page.locator(".estimate")).to_have_text(re.compile("cannot be told yet: there is no past job"))
    page.get_by_label("Epochs").first.fill("2")
    page.get_by_label("More settings").first.fill("trainer.optim=adafactor\nreward.epochs=1")
    page.get_by_label("Name of the recipe").fill("mine")
    expect(page.locator(".recipe")).to_have_text(re.compile("optim: adafactor"))
    click(page, "Save the recipe")
    expect(page.locator(".notice")).to_have_text("The recipe is saved as mine.")
    assert recipes.named(store, "mine").settings["trainer"] == {"optim": "adafactor"}
    page.get_by_label("More settings").first.fill("trainer.optm=adafactor")
    page.get_by_label("Name of the recipe").click()
    expect(page.locator(".trouble")).to_have_text(re.compile("Did you mean 'trainer.optim'"))
    page.reload()
    page.get_by_text("Settings of the next round").click()
    page.get_by_label("Saved recipes").click()
    page.get_by_role("option", name="mine").click()
    click(page, "Load the recipe")
    expect(page.get_by_label("Epochs").first).to_have_value("2")
    expect(page.get_by_label("More settings").first).to_have_value("trainer.optim=adafactor\nreward.epochs=1")
    click(page, "Start a round")
    expect(page.locator(".notice").first).to_have_text(re.compile("Round 1 has started"))
    assert round_rows.get(store, 1).recipe["trainer"] == {"optim": "adafactor"}


@pytest.mark.usefixtures("voted")
def test_jobs_are_listed_moved_cancelled_and_retried(store: Store, page: Page) -> None:
    policy = {"model_id": registry.require_promoted(store).model_id}
    with store.write() as db:
        ids = [
            jobs.enqueue(db, "reward", {"recipe": {"policy": policy, "seed": seed}, "publish": {"name": name}}, "test")
            for seed, name in enumerate(("first", "<b>second</b>"))
        ]
    page.reload()
    rows = page.locator(".jobs tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("reward of <b>second</b>")
    for button, job_id in (("Move first", ids[1]), ("Cancel", ids[0])):
        page.get_by_label("Job", exact=True).click()
        page.get_by_role("option", name=re.compile(f"^{job_id}:")).click()
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator(".notice")).to_contain_text(f"Job {job_id} is")
    expect(rows.first).to_contain_text("second")
    expect(rows.nth(1)).to_contain_text("Cancelled: Cancelled. Resume it to go on where it was stopped.")
    assert [job.job_id for job in jobs.open_jobs(store)] == [ids[1]]
    page.get_by_role("button", name="Retry from the start").click()
    expect(page.locator(".notice")).to_have_text(f"Job {ids[0]} begins anew.")
    assert len(jobs.open_jobs(store)) == 2


@pytest.mark.usefixtures("voted")
def test_rounds_start_by_themselves_and_the_page_follows(store: Store, page: Page) -> None:
    page.get_by_text("Let rounds start by themselves").click()
    for wrong, sentence in (("few", "in a whole number"), ("0", "every 1 to 1,000,000 new votes")):
        page.get_by_label("New votes to a round").fill(wrong)
        click(page, "Switch it on")
        expect(page.locator(".notice.trouble")).to_contain_text(sentence)
    page.get_by_label("New votes to a round").fill("60")
    click(page, "Switch it on")
    expect(page.locator(".continuous")).to_have_text(
        "Continuous mode is on: 60 new votes are in, so a round is about to start."
    )
    continuous.step(store)
    expect(page.locator(".round h2")).to_have_text(re.compile("^Round 1 running"))
    expect(page.locator(".continuous")).to_contain_text("round 1 is at work")
    finish_round(store)
    continuous.step(store)
    expect(page.locator("h1")).to_have_text("round-1 is promoted.")
    expect(page.locator(".continuous")).to_contain_text("0 of 60 new votes are in, so it waits for 60 more.")
    click(page, "Switch it off")
    expect(page.locator(".continuous")).to_have_text("Continuous mode is off: local switched it off.")
    expect(page.get_by_role("button", name="Switch it on")).to_be_visible()
