# Vultune in a container. Build: docker build --tag vultune .
# Scan the current folder: docker run --rm --volume "$PWD:/work" --volume vultune-cache:/cache vultune scan runs/first .

FROM node:20-slim AS build
WORKDIR /vultune
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:20-slim
# What git tracks is scanned, and --diff compares with a commit.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /vultune
COPY --from=build /vultune/node_modules node_modules
COPY --from=build /vultune/dist dist
COPY package.json README.md CHANGELOG.md ./
COPY bin bin
COPY data data
COPY python/run_plan.py python/requirements.txt python/
COPY python/vultune_torch python/vultune_torch
# Models and scores: a volume here makes the second scan fast.
ENV NODE_ENV=production VULTUNE_CACHE=/cache
RUN mkdir /cache /work && chown node:node /cache /work
USER node
WORKDIR /work
ENTRYPOINT ["node", "/vultune/bin/vultune.js"]
CMD ["--help"]
