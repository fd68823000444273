# Two images: the pipeline (the default) and, for trying it out, the simulated systems on the other
# side (--target simulators). docs/operations.md says how they are started.
#
# The base is pinned by the digest of its index for all platforms. To move it:
#   docker buildx imagetools inspect python:3.12-slim-trixie --format '{{.Manifest.Digest}}'
ARG BASE=python:3.12.13-slim-trixie@sha256:57cd7c3a7a273101a6485ba99423ee568157882804b1124b4dd04266317710de

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY deploy/build.lock deploy/requirements.lock ./
RUN python -m venv --without-pip /opt/ipos-pipeline \
 && pip --python /opt/ipos-pipeline install --require-hashes --only-binary :all: -r requirements.lock \
 && pip install --require-hashes --only-binary :all: -r build.lock
COPY pyproject.toml README.md ./
COPY ipos_pipeline ipos_pipeline
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /opt/ipos-pipeline install --no-deps wheels/*.whl

FROM build AS build-simulators
COPY deploy/simulators.lock ./
RUN pip --python /opt/ipos-pipeline install --require-hashes --only-binary :all: -r simulators.lock

FROM ${BASE} AS runtime
# `ipos-pipeline db backup` calls pg_dump, which must be as new as the server of deploy/compose.yaml.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client-17 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp ipos-pipeline \
 && install -d -o 10001 -g 10001 -m 750 /var/lib/ipos-pipeline \
      /var/lib/ipos-pipeline/dagster /var/lib/ipos-pipeline/data /var/lib/ipos-pipeline/simulators
# The two lines about memory are explained in .env.example.
ENV PATH=/opt/ipos-pipeline/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    DAGSTER_HOME=/var/lib/ipos-pipeline/dagster \
    IPOS_PIPELINE_DATA_DIR=/var/lib/ipos-pipeline/data \
    ARROW_DEFAULT_MEMORY_POOL=system \
    MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /var/lib/ipos-pipeline
USER 10001:10001
STOPSIGNAL SIGTERM

FROM runtime AS simulators
COPY --from=build-simulators /opt/ipos-pipeline /opt/ipos-pipeline
COPY simulators /opt/simulated/simulators
ENV PYTHONPATH=/opt/simulated
VOLUME /var/lib/ipos-pipeline/simulators
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "from urllib.request import urlopen; open('/var/lib/ipos-pipeline/simulators/simulators.json'); urlopen('http://127.0.0.1:8080/_simulator/summary', timeout=4)"]
CMD ["python", "-m", "simulators", "--state", "/var/lib/ipos-pipeline/simulators", \
     "--host", "127.0.0.1", "--ipos-port", "8080", "--netsuite-port", "8081", "--smtp-port", "2525", \
     "--client-id", "demo", "--certificate-id", "demo"]

FROM runtime AS pipeline
COPY --from=build /opt/ipos-pipeline /opt/ipos-pipeline
VOLUME ["/var/lib/ipos-pipeline/dagster", "/var/lib/ipos-pipeline/data"]
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["dagster", "api", "grpc-health-check", "-h", "127.0.0.1", "-p", "4000"]
CMD ["dagster", "api", "grpc", "-m", "ipos_pipeline.definitions", "-h", "0.0.0.0", "-p", "4000"]
