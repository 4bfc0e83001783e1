"""Reference pages made from what they describe: `python -m pipelines.documenting` writes them all anew.

pages       which page is made of what
reasons     reason codes                       feeds     contracts and code lists
commands    the command line                   tables    sql/ and the tables made from contracts
"""
