# One image for the server and for the chain node beside it.
FROM node:20.20.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN node server/prepare.mjs && npm prune --omit=dev --no-audit --no-fund

FROM node:20.20.0-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/build ./build
COPY --from=build /app/simulators/scenarios ./simulators/scenarios
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8080
CMD ["node", "build/server/main.js"]
