# icestream with all that it calls by itself: one image serves, does a facility's duties, and
# processes sessions. docs/how-to/run-in-a-container.md; `make image` builds it.
ARG PYTHON=3.12

# -- the wheel, with the web application in it -------------------------------------------------
FROM docker.io/library/python:${PYTHON}-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY frontend frontend
COPY src src
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

# -- what runs ---------------------------------------------------------------------------------
FROM docker.io/library/python:${PYTHON}-slim-bookworm
# Of the user that sessions belong to: give those of yours where folders are shared.
ARG UID=1000
ARG GID=1000
RUN apt-get update \
 && apt-get install --yes --no-install-recommends openssh-client rsync tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir "$(echo /wheels/icestream-*.whl)[ispyb,objects,postgres]" \
 && rm -rf /wheels
RUN groupadd --gid "$GID" icestream \
 && useradd --uid "$UID" --gid "$GID" --home-dir /var/lib/icestream --no-create-home icestream \
 && mkdir -p /data/sessions /etc/icestream /var/lib/icestream/kernels \
 && chown -R icestream:icestream /data /etc/icestream /var/lib/icestream
ENV ICESTREAM_FACILITY=/etc/icestream/facility.toml \
    ICESTREAM_STATE=/var/lib/icestream \
    NUMBA_CACHE_DIR=/var/lib/icestream/kernels \
    PYTHONUNBUFFERED=1 \
    HEALTH=http://127.0.0.1:8000/api/login/methods
USER icestream
WORKDIR /data
VOLUME ["/data", "/etc/icestream", "/var/lib/icestream"]
EXPOSE 8000
# Its certificate is made out to the name that browsers know, not to 127.0.0.1.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["python", "-c", "import os, ssl, urllib.request as u; u.urlopen(os.environ['HEALTH'], timeout=8, context=ssl._create_unverified_context()).read()"]
# Sessions are processes that whoever began them leaves: tini takes them in.
ENTRYPOINT ["tini", "--", "icestream"]
CMD ["serve", "/data/sessions"]
