"""`make demo` and `make airflow`: the shipped DAGs on a generated county, with Airflow on the embedded database."""
