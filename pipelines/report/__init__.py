"""The auditor's report: what a publication was made of, what was checked, what was found.

`gather` reads counts from the ledger into a frozen model, `verdict` judges it, `page` renders it;
nothing here knows a database driver, and nothing a person's value.
"""
