FROM python:3.11-slim
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY api api
COPY graph graph
COPY loaders loaders
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --create-home renmai && mkdir /data && chown renmai /data
USER renmai
VOLUME /data
ENTRYPOINT ["renmai"]
