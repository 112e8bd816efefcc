# One image for the API and the worker; MongoDB and Redis are services beside it.
FROM node:22-slim AS pages
WORKDIR /srv/usher/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci
COPY web .
RUN npm run build

FROM python:3.12-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/usher
COPY deploy/requirements.lock .
RUN /opt/usher/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home usher
COPY --from=build /opt/usher /opt/usher
WORKDIR /srv/usher
COPY app app
COPY workers workers
COPY --from=pages /srv/usher/app/web/built app/web/built
ENV PATH=/opt/usher/bin:$PATH PYTHONUNBUFFERED=1 USHER_ENV=production
# Compiled once here, because the user below may not write into the image.
RUN python -m compileall -q app workers
USER usher
EXPOSE 8000
# For the API. The worker listens on nothing, so its service switches this off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["api", "--host", "0.0.0.0", "--port", "8000"]
