"""Simulated labelers: a utility function votes through the same session as a person.

A simulated labeler prefers a to b with probability sigmoid((f(a) - f(b)) / T), the Bradley-Terry model with noise T.
Two answers of equal utility are voted a tie, because a coin flip would teach nothing but noise. Several answers are put
in the order of f(x) / T plus Gumbel noise, which is a draw from the model of Plackett and Luce, whose every two answers
are ordered as Bradley and Terry have it (Yellott 1977); answers of equal utility share a draw, and so a rank.
"""

from __future__ import annotations

import math
import random
import uuid

from labeling import decisions, ranking, session, shuffle
from labeling.accounts import ensure_user
from storage.database import Store
from storage.errors import UserError
from storage.records import SetShowing, Showing, prompt_text
from storage.utilities import Utility, value_of


def preference_probability(utility_a: float, utility_b: float, noise: float) -> float:
    """P(a preferred to b) = sigmoid((u_a - u_b) / noise), Bradley and Terry 1952; without noise the better one wins."""
    difference = utility_a - utility_b
    if noise == 0:
        return 0.5 if difference == 0 else float(difference > 0)
    return 1 / (1 + math.exp(-max(min(difference / noise, 500.0), -500.0)))


def strength_of(probability: float) -> int:
    """How clear a preference of this probability (0.5 to 1) looks to the labeler: 1 (barely) to 4 (far better)."""
    return 1 + sum(probability >= threshold for threshold in (0.65, 0.8, 0.95))


def simulate(
    store: Store,
    utility: Utility,
    labels: int,
    labelers: int = 1,
    noise: float = 1.0,
    seed: int = 0,
    checked: bool = False,
) -> int:
    """Let `labelers` simulated people cast `labels` votes, or rankings, in turn; returns how many they cast.

    In a home where nobody was shown a pair before, sides and order come of `seed` too.

    Raises UserError when the pairs run out first or the utility fails; the votes cast until then stay.
    """
    chance = random.Random(seed)
    shuffle.seed_of(store, first=f"{random.Random(seed).getrandbits(128):032x}")
    names = [f"simulated-{number + 1}" for number in range(labelers)]
    for name in names:
        ensure_user(store, name, "labeler")
    for cast in range(labels):
        name = names[cast % labelers]
        pairs, sets = decisions.serve(store, name, checked=checked)
        if not pairs and not sets:
            raise UserError(f"The pairs ran out after {cast} of {labels} votes: make more with `generate --pairs K`.")
        for pair in pairs:
            verdict, strength = decide(pair, utility, noise, chance)
            session.vote(store, name, pair.showing_id, verdict, strength, _key(chance))
        for one in sets:
            ranks = ranks_of(one, utility, noise, chance)
            ranking.rank(store, name, one.showing_id, ranks, client_key=_key(chance))
    return labels


def decide(showing: Showing, utility: Utility, noise: float, chance: random.Random) -> tuple[str, int]:
    """One simulated decision: the verdict as shown, and its strength.

    Chance is asked about the answers in the order of their texts, so that the same answer wins on either side.
    """
    prompt = prompt_text(showing.prompt)
    first, second = sorted((showing.left, showing.right))
    worth, other = value_of(utility, prompt, first), value_of(utility, prompt, second)
    if worth == other:
        return "tie", 0
    probability = preference_probability(worth, other, noise)
    winner, sure = (first, probability) if chance.random() < probability else (second, 1 - probability)
    return "left" if winner == showing.left else "right", strength_of(sure)


def ranks_of(showing: SetShowing, utility: Utility, noise: float, chance: random.Random) -> list[int]:
    """One simulated ranking, as shown: 1 for the best, answers of equal utility on one rank.

    Chance is asked about the answers in the order of their texts, as in `decide`.
    """
    prompt = prompt_text(showing.prompt)
    worth = {text: value_of(utility, prompt, text) for text in sorted(showing.answers)}
    draws = {value: value / noise + gumbel(chance) if noise else value for value in dict.fromkeys(worth.values())}
    order = sorted(draws, key=lambda value: draws[value], reverse=True)
    return [1 + order.index(worth[text]) for text in showing.answers]


def gumbel(chance: random.Random) -> float:
    """A draw from the standard Gumbel distribution: -log of an exponential draw."""
    return -math.log(chance.expovariate(1.0))


def _key(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128)))
