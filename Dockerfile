# The image of docker-compose.yaml: Airflow, the tested pins, this project. Runs as the base image's user `airflow`.
FROM apache/airflow:3.3.2-python3.11

WORKDIR /opt/airflow
COPY requirements.txt constraints.txt /opt/airflow/
RUN pip install --no-cache-dir -r requirements.txt -c constraints.txt

COPY --chown=airflow:0 pyproject.toml README.md /opt/airflow/
COPY --chown=airflow:0 deploy /opt/airflow/deploy
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include

# The `wirewatch` command, bound to /opt/airflow: a mounted include/ is what it runs. auth/ holds the password file.
RUN pip install --no-cache-dir --no-deps -c constraints.txt -e /opt/airflow && mkdir -p /opt/airflow/auth
ENV PYTHONPATH=/opt/airflow
