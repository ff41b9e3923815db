# The base by the digest of its index of all architectures, so that arm64 builds too. To move it:
# docs/installation.md.
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

FROM ${BASE} AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements requirements
COPY scripts/install.py scripts/
# fast: faster-whisper, 1.8 GB. openai: torch and openai-whisper too, with CUDA 6.5 GB.
ARG SPEECH=fast
RUN case "$SPEECH" in \
      fast) light=--light ;; openai) light= ;; *) echo "SPEECH is fast or openai" >&2; exit 1 ;; \
    esac \
    && python scripts/install.py --production --only-lock $light /opt/nightshift
COPY . .
RUN /opt/nightshift/bin/pip install --quiet --no-deps --no-build-isolation .

FROM ${BASE}
RUN useradd --uid 1000 --create-home nightshift && mkdir /data && chown nightshift /data
COPY --from=builder /opt/nightshift /opt/nightshift
ENV PATH=/opt/nightshift/bin:$PATH PYTHONUNBUFFERED=1 NIGHTSHIFT_HOME=/data
WORKDIR /data
USER 1000
VOLUME /data
CMD ["nightshift", "--help"]
