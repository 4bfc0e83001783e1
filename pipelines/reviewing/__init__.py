"""`popbase review`: people judge what no rule may decide, and what they say holds from the next run on.

`cases` lists, shows and decides; `sheets` does so by workbook; `figures` says how far reviewers agree and what drawn
links say of the run's errors. Records are named by twelve hexadecimal digits; values are shown only where it is
written down who saw them and what for.
"""

from __future__ import annotations
