# popbase and Airflow in one image, with exactly the packages of requirements.lock.
FROM python:3.11.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
WORKDIR /opt/popbase
COPY requirements.lock ./
RUN /opt/venv/bin/pip install --no-deps --require-hashes --requirement requirements.lock
COPY . .
# Editable: contracts, suites, policies, SQL and DAGs are read from the folder beside the package.
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation --editable .

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 50000 --user-group --no-create-home --home-dir /var/lib/popbase popbase \
    && install --directory --owner=popbase --group=popbase --mode=0750 /var/lib/popbase /var/lib/airflow
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/popbase /opt/popbase
ENV PATH=/opt/venv/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/var/lib/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/popbase/dags \
    POPBASE_HOME=/var/lib/popbase
USER 50000:50000
WORKDIR /var/lib/popbase
VOLUME ["/var/lib/popbase", "/var/lib/airflow"]
ENTRYPOINT ["/opt/popbase/scripts/compose/entrypoint.sh"]
CMD ["popbase", "--help"]
