"""Simulated labelers: a utility function votes through the same session as a person.

A simulated labeler prefers a to b with probability sigmoid((f(a) - f(b)) / T), the Bradley-Terry model with noise T.
Two answers of equal utility are voted a tie, because a coin flip would teach nothing but noise.
"""

from __future__ import annotations

import math
import random
import uuid

from labeling import session, shuffle
from labeling.accounts import ensure_user
from storage.database import Store
from storage.errors import UserError
from storage.records import Showing, prompt_text
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


def simulate(store: Store, utility: Utility, labels: int, labelers: int = 1, noise: float = 1.0, seed: int = 0) -> int:
    """Let `labelers` simulated people cast `labels` votes in turn; returns how many they cast.

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
        showings = session.serve(store, name, 1)
        if not showings:
            raise UserError(f"The pairs ran out after {cast} of {labels} votes: make more with `generate --pairs K`.")
        verdict, strength = decide(showings[0], utility, noise, chance)
        key = str(uuid.UUID(int=chance.getrandbits(128)))
        session.vote(store, name, showings[0].showing_id, verdict, strength, key)
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
