import { expect, test } from "vitest"
import { optionsOf } from "../src/options.js"
import { page, table } from "../src/pages.js"

/** Where the options of what are told, under which heading, and which the table may leave out, since the text tells them. */
test.each([
  ["packages/bus-redis/README.md", "option", "bus-redis/src/options.ts", "RedisEventBusOptions", ["clock"]],
  ["packages/cache-redis/README.md", "option", "cache-redis/src/options.ts", "RedisFeatureCacheOptions", []],
  ["packages/client/README.md", "option", "client/src/options.ts", "ClientOptions", []],
  ["packages/core/README.md", "option of a feature", "core/src/feature/feature.ts", "FeatureOptions", []],
  [
    "packages/embeddings-openai/README.md",
    "option",
    "embeddings-openai/src/options.ts",
    "OpenAIEmbedderOptions",
    ["clock"],
  ],
  ["packages/logs/README.md", "option of `eventLog`", "logs/src/event-log.ts", "EventLogOptions", []],
  ["packages/logs/README.md", "option of `createLogger`", "logs/src/logger.ts", "LoggerOptions", []],
  ["packages/metrics/README.md", "option", "metrics/src/metrics.ts", "MetricsOptions", []],
  ["packages/server/README.md", "option", "server/src/options.ts", "ServerOptions", []],
  [
    "packages/offline-postgres/README.md",
    "option",
    "offline-postgres/src/options.ts",
    "PostgresOfflineStoreOptions",
    [],
  ],
  ["packages/vector-pgvector/README.md", "option", "vector-pgvector/src/options.ts", "PgVectorStoreOptions", []],
  ["packages/worker/README.md", "option", "worker/src/settings.ts", "WorkerOptions", ["clock"]],
])("the table of %s, %s, is what %s says of %s", (path, heading, file, name, untold) => {
  const told = table(page(path), heading).flatMap(([cell = ""]) =>
    [...cell.matchAll(/`(\w+)/g)].map(([, word]) => word),
  )
  expect([...told, ...untold].sort()).toEqual(optionsOf(`packages/${file}`, name).sort())
})
