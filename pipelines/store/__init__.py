"""The store: the lake, and PostgreSQL. The only place that knows psycopg2."""
