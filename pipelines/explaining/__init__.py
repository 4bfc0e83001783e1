"""`popbase explain` and `popbase link`: why records are one person, or are not, and why a value was published.

What is told is about the publication that readers see, or another one by its number, whatever later runs made of the
records. It names records, levels, weights and rules; values of a person are for readers with a role in the database.
"""

from __future__ import annotations

from pipelines.explaining.pair import explain_pair
from pipelines.explaining.person import explain_person

__all__ = ["explain_pair", "explain_person"]
