"""What the Data page lists: a module for each kind of row, and what they share."""

from storage.browse.demonstration_list import DemonstrationListFilters, demonstrations
from storage.browse.figures import labelers, taken_snapshots, tally
from storage.browse.one_prompt import one_prompt
from storage.browse.paging import NEWEST, PAGE, Edge, Page
from storage.browse.pair_list import PairListFilters, pairs
from storage.browse.prompt_list import ListedPrompt, PromptListFilters, prompt_ids, prompts
from storage.browse.ranking_list import RankingListFilters, rankings
from storage.browse.thumb_list import ThumbListFilters, thumbs
from storage.browse.vote_list import VoteListFilters, votes

__all__ = [
    "NEWEST",
    "PAGE",
    "DemonstrationListFilters",
    "Edge",
    "ListedPrompt",
    "Page",
    "PairListFilters",
    "PromptListFilters",
    "RankingListFilters",
    "ThumbListFilters",
    "VoteListFilters",
    "demonstrations",
    "labelers",
    "one_prompt",
    "pairs",
    "prompt_ids",
    "prompts",
    "rankings",
    "taken_snapshots",
    "tally",
    "thumbs",
    "votes",
]
