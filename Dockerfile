# syntax=docker/dockerfile:1
# Thinkfirst: API and worker in one image. Debian, not Alpine: onnxruntime-node is built for glibc.

FROM node:20-bookworm-slim AS build
WORKDIR /app
# The dependencies change seldom: a layer of their own.
COPY package.json package-lock.json .npmrc ./
COPY bin ./bin
COPY scripts/before-install ./scripts/before-install
RUN npm ci --no-audit --no-fund
COPY . .
# Built here, since the running container's root is read-only; what builds and checks stays behind. Without its sources the
# console is taken as it is. onnxruntime brings its libraries for every system: 240 MB for others than this one.
RUN npm run prepack && npm prune --omit=dev && rm -rf console/src scripts tsconfig.json && mkdir -p /data \
  && find node_modules/onnxruntime-node/bin -mindepth 3 -type d ! -path "*/linux/$(node -p process.arch)" -exec rm -rf {} +

FROM node:20-bookworm-slim
# Around Python of the tool code_interpreter (docs/tools.md): 0.1 MB.
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    METRICS_PORT=9464 \
    THINKFIRST_DATA=/data \
    THINKFIRST_HUB_CACHE=/data/hub
WORKDIR /app
COPY --from=build /app ./
COPY --from=build --chown=node:node /data /data
# Nothing below /app belongs to this user: it can't change the code that it runs.
USER node
VOLUME /data
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "bin/health.mjs"]
# SIGTERM drains and exits 0 within 10 s.
STOPSIGNAL SIGTERM
# API and worker in one process; compose.yaml runs the halves.
CMD ["node", "bin/run.mjs", "src/server.ts"]
