"""A Fellegi–Sunter engine for any table: model.py declares, linking.py runs.

    model = load_model(path)            # a plan, or a model that was fitted and saved
    table = encode(records, model)
    fitted = fit(table, model)          # fitted.model, fitted.faults
    links = link(table, fitted.model)   # links.pairs: a, b, weight, probability, is_link, level_*

Nothing depends on the order of rows, on threads or on the size of chunks.
"""

from __future__ import annotations
