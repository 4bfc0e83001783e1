"""Validation: the only place that knows Great Expectations (GX).

Importing GX costs 4 to 12 s and 277 MB, so nothing is imported here and the modules
that need it are imported inside `run.validate_frame`:

suite       what must be true, read from YAML          no GX
lint        what a suite file may not say              no GX
supported   which expectations can be checked          no GX
gate        release, reservations or stop              no GX
run         a frame and a suite in, an outcome out     GX inside the function
outcome     the result's shape                         no GX
masks       rows that break a check, as Polars         no GX
engine, metrics, conditions, datasource, session       GX
"""
