# One image for the service, the watcher, the Dask scheduler and its workers.
# Linted, but never yet built: no container engine ran where this was written.

FROM node:22-bookworm-slim AS page
WORKDIR /page
COPY api/web/package.json api/web/package-lock.json api/web/.npmrc ./
RUN npm ci
COPY api/web .
RUN npm run build

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/hearthwatch \
    && /opt/hearthwatch/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY requirements-dev.lock ./
# Of the developers' lock, only the back end that builds the wheel.
RUN awk '/^(hatchling|packaging|pathspec|pluggy|trove-classifiers)==/ { on = 1 } on { print } !/\\$/ { on = 0 }' \
        requirements-dev.lock > build.lock \
    && pip install --no-cache-dir --require-hashes --no-deps -r build.lock
COPY pyproject.toml README.md LICENSE ./
COPY imagery imagery
COPY detectors detectors
COPY tiles tiles
COPY api api
COPY hearthwatch hearthwatch
# Measured figures, for `hearthwatch report accuracy`.
COPY benchmarks/results benchmarks/results
COPY --from=page /page/dist api/web/dist
RUN python -m hatchling build -t wheel \
    && /opt/hearthwatch/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.11-slim-bookworm
# rasterio's and pyogrio's wheels load the system's expat.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libexpat1=2.* \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 hearthwatch \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent hearthwatch \
    && install -d -o hearthwatch -g hearthwatch /srv/hearthwatch/var
COPY --from=build /opt/hearthwatch /opt/hearthwatch
# The root file system is read-only in use: caches go to the memory of /tmp.
ENV PATH=/opt/hearthwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    MPLCONFIGDIR=/tmp/matplotlib \
    HEARTHWATCH_DATA_DIR=/srv/hearthwatch/var
WORKDIR /srv/hearthwatch
USER 10001:10001
ENTRYPOINT ["hearthwatch"]
CMD ["--help"]
