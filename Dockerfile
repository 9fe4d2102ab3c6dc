# One image for every service and function; what a container does is its command (see infra/terraform/modules/system).
# docker build .                     the image of everything
# docker build --target chromium .   the same with a browser, for functions that capture pages
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /build
RUN python -m venv --without-pip /venv
COPY requirements-gcp.lock ./
RUN pip --python /venv/bin/python install --no-cache-dir --require-hashes -r requirements-gcp.lock
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY services services
COPY functions functions
COPY infra infra
RUN pip --python /venv/bin/python install --no-cache-dir --no-deps --no-build-isolation --no-index .

FROM python:${PYTHON} AS runtime
RUN useradd --uid 10001 --no-create-home --home-dir /app headrace && install --directory --owner headrace /data
# gunicorn, below functions-framework, wants a place for a socket, and the user has no home to write to.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HEADRACE_DATA_DIR=/data XDG_RUNTIME_DIR=/tmp
WORKDIR /app
COPY --from=build /venv /venv
# functions-framework takes a file; what the file imports is installed.
COPY functions functions
USER 10001
EXPOSE 8080
CMD ["headrace", "--help"]

FROM runtime AS chromium
USER root
RUN apt-get update && apt-get install -y --no-install-recommends chromium chromium-sandbox fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*
USER 10001

# The image with the tests that see it from outside; only the build runs it.
FROM chromium AS e2e
USER root
COPY requirements-dev.lock pyproject.toml ./
RUN pip --python /venv/bin/python install --no-cache-dir --require-hashes -r requirements-dev.lock
COPY schemas/generated schemas/generated
COPY tests tests
USER 10001
CMD ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", "tests/e2e"]

# The last one is what is built where no target is named.
FROM runtime AS app
