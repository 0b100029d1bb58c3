# syntax=docker/dockerfile:1
# One image for every process of fakesweep; docker-compose.yml says which of them a container runs.
# The version of Python is the one that requirements/*.lock were resolved with.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
# A package index with another build of torch, for instance the one for CPUs only. Empty: the
# default build, which is for NVIDIA devices, larger by gigabytes, and runs on CPUs too.
ARG TORCH_INDEX_URL=""
ENV PATH=/opt/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements/runtime.lock requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install ${TORCH_INDEX_URL:+--extra-index-url "$TORCH_INDEX_URL"} \
    --requirement requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY db db
COPY detector detector
COPY api api
COPY workers workers
COPY training training
COPY client client
COPY cli cli
# Editable, so that the code has one place, with the shipped models beside it.
RUN pip install --no-cache-dir --no-build-isolation --no-deps --editable .

FROM python:${PYTHON_VERSION}-slim-bookworm
RUN useradd --uid 10001 --create-home fakesweep \
    && install --directory --owner=fakesweep --group=fakesweep /var/lib/fakesweep
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 FAKESWEEP_DATA_DIR=/var/lib/fakesweep
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY models /app/models
WORKDIR /app
USER 10001
CMD ["fakesweep", "--help"]
