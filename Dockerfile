# The one image: every service, and `wheelyard-admin`. Which one a container is, its command says:
#   python -m wheelyard_api · python -m wheelyard_indexer serve|worker · python -m wheelyard_worker worker|scheduler
#
# Two builds of one commit on one base have the same layers: what is shipped is put together in a
# folder, whose files all get one time, and copied. `make images` builds it and checks that.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS tools
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
COPY requirements/build.lock ./
# Wheels only, by the hashes of the locks: no compiler is needed, so none is here.
RUN python -m venv tools \
 && tools/bin/pip install --only-binary :all: --no-deps --require-hashes -r build.lock

FROM tools AS dependencies
COPY requirements/runtime.lock ./
RUN python -m venv --without-pip /opt/wheelyard \
 && tools/bin/pip --python /opt/wheelyard/bin/python install --no-compile --only-binary :all: --no-deps --require-hashes -r runtime.lock \
 # Checked by hash, not by time: a read-only image never writes byte code again. By one process: what it
 # compiled before leaves its mark in how constants are written, so the order must be the same.
 && python -m compileall -q --invalidation-mode unchecked-hash /opt/wheelyard \
 && install -d /layer/opt && cp -a /opt/wheelyard /layer/opt/ \
 && find /layer -exec touch -h -d @315532800 {} +

FROM dependencies AS own
COPY libs libs
COPY services services
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels ./libs/core ./libs/web ./services/api ./services/indexer ./services/worker \
 && tools/bin/pip --python /opt/wheelyard/bin/python install --no-compile --no-deps --no-index --target /opt/wheelyard/own wheels/*.whl \
 && python -m compileall -q --invalidation-mode unchecked-hash /opt/wheelyard/own \
 # The bill of materials: what is installed, as it is found there.
 && install -d /own/opt/wheelyard /own/etc /own/usr/share/doc/wheelyard \
 && PYTHONPATH=/opt/wheelyard/own tools/bin/cyclonedx-py environment --output-reproducible --no-validate --spec-version 1.6 \
      --output-file /own/usr/share/doc/wheelyard/sbom.cdx.json /opt/wheelyard/bin/python \
 && cp -a /opt/wheelyard/own /own/opt/wheelyard/ \
 && cp -a /etc/passwd /etc/group /own/etc/ \
 && echo 'wheelyard:x:10001:10001::/nonexistent:/usr/sbin/nologin' >>/own/etc/passwd \
 && echo 'wheelyard:x:10001:' >>/own/etc/group \
 # Volumes take over the owner of the folder that they are mounted on.
 && install -d -o 10001 -g 10001 -m 0700 /own/var/lib/wheelyard /own/var/spool/wheelyard \
 && find /own -exec touch -h -d @315532800 {} +

FROM ${PYTHON_IMAGE}
COPY --from=dependencies /layer/ /
COPY --from=own /own/ /
ENV PATH=/opt/wheelyard/own/bin:/opt/wheelyard/bin:$PATH \
    PYTHONPATH=/opt/wheelyard/own \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WHEELYARD_SPOOL_DIRECTORY=/var/spool/wheelyard \
    WHEELYARD_CREDENTIALS_FILE=/var/lib/wheelyard/credentials.env \
    WHEELYARD_LOG_FORMAT=json
USER 10001:10001
WORKDIR /
STOPSIGNAL SIGTERM
EXPOSE 8080 9090
# Whether the process is well, on the port that every service has. One that serves has /readyz on 8080.
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9090/livez', timeout=3)"]
CMD ["wheelyard-admin", "--help"]
ARG VERSION=0.1.0
ARG REVISION=""
ARG SOURCE=""
# Of two builds of one version the metrics tell which is which. It is in no layer.
ENV WHEELYARD_REVISION=$REVISION
LABEL org.opencontainers.image.title="Wheelyard" \
      org.opencontainers.image.description="A private Python package registry" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.source=$SOURCE
