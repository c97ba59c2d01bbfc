# The pages are built by Node and the server runs without it.
FROM node:24-slim AS pages
WORKDIR /baton/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM python:3.11-slim
# Whoever runs it says where people reach it: docker run -e BATON_PUBLIC_URL=https://baton.example …
ENV PYTHONUNBUFFERED=1 BATON_DATA=/data BATON_HOST=0.0.0.0 PORT=8765
WORKDIR /baton
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
COPY --from=pages /baton/handlers/http/static handlers/http/static
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
 && python -m compileall -q baton bot coordination handlers workflows \
 && useradd --system --uid 10001 --home-dir /data baton \
 && install -d -o baton -g baton -m 0700 /data
USER baton
VOLUME /data
EXPOSE 8765
# The image has no curl; Python asks, and anything but 200 is an error.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]
CMD ["sh", "-c", "python -m bot migrate && exec python -m bot serve"]
