FROM python:3.11.14-slim-bookworm

RUN useradd --create-home nightshift && mkdir /data && chown nightshift /data
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

COPY requirements.lock ./
RUN pip install -r requirements.lock
COPY --chown=nightshift . .
RUN pip install --no-deps --editable .

USER nightshift
VOLUME /data
CMD ["nightshift", "--help"]
