// Who may import what. What is not listed is forbidden; a new package adds a line here. For src without its tests:
// tests may also use devDependencies.
const mayImport = {
  events: ["@standard-schema/spec"],
  core: ["@fabra/events", "croner"],
  worker: ["@fabra/events", "@fabra/core"],
  aggregates: ["@fabra/events", "@fabra/core", "@datadog/sketches-js", "temporal-polyfill"],
  // Bundled into the two adapters, never published.
  "redis-transport": ["@fabra/events", "ioredis", "cluster-key-slot"],
  "bus-redis": ["@fabra/events", "@fabra/redis-transport", "ioredis", "cluster-key-slot"],
  "cache-redis": ["@fabra/events", "@fabra/core", "@fabra/redis-transport", "ioredis"],
  // PGlite only behind the sub-path "embedded", for those who have installed it.
  "vector-pgvector": [
    "@fabra/events",
    "@fabra/core",
    "pg",
    "@types/pg",
    "pgvector",
    "proper-lockfile",
    "@types/proper-lockfile",
    "@electric-sql/pglite",
    "@electric-sql/pglite-pgvector",
  ],
  "offline-postgres": ["@fabra/events", "@fabra/core", "pg", "@types/pg"],
  "embeddings-openai": ["@fabra/events", "@fabra/core", "openai", "gpt-tokenizer"],
  metrics: ["@fabra/events", "@fabra/core", "prom-client"],
  logs: ["@fabra/events", "@fabra/core", "@pinojs/redact", "pino", "pino-pretty"],
  tracing: ["@fabra/events", "@fabra/core", "@opentelemetry/api"],
  client: ["@fabra/events", "@fabra/core", "uuidv7"],
  server: [
    "@fabra/events",
    "@fabra/core",
    "@fabra/worker",
    "@sinclair/typebox",
    "ajv",
    "fastify",
    "@fastify/cors",
    "@fastify/rate-limit",
    "@fastify/swagger",
    "@fastify/swagger-ui",
  ],
  cli: [
    "@fabra/events",
    "@fabra/core",
    "@fabra/worker",
    "@fabra/bus-redis",
    "@fabra/cache-redis",
    "@fabra/client",
    "ioredis",
    "@fabra/vector-pgvector",
    "@fabra/offline-postgres",
    "@fabra/embeddings-openai",
    "pg",
    "@fabra/server",
    "@fabra/logs",
    "@fabra/metrics",
    "@fabra/tracing",
    "@opentelemetry/api",
    "commander",
    "@bomb.sh/tab",
    "jiti",
    "chokidar",
    "csv-parse",
    "cli-table3",
    "cli-progress",
  ],
  // Postgres only when a test asks for it.
  testing: [
    "@fabra/events",
    "@fabra/core",
    "@fabra/worker",
    "vitest",
    "pg",
    "@types/pg",
    "@electric-sql/pglite",
    "@electric-sql/pglite-pgvector",
    "@electric-sql/pglite-socket",
  ],
  // For tests and tools: no published package may import it.
  "test-support": [],
}

const tests = "[.]test(-d)?[.]ts$"
const sourceOf = (name) => ({ path: `^packages/${name}/src/`, pathNot: tests })

const layers = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `layers-${name}`,
  comment: `@fabra/${name} may import: ${allowed.join(", ")}.`,
  severity: "error",
  from: sourceOf(name),
  to: { path: "node_modules/", pathNot: `node_modules/(${allowed.join("|")})/` },
}))

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...layers,
    {
      name: "layers-all",
      comment: "Every package has a line in mayImport, above.",
      severity: "error",
      from: { path: "^packages/", pathNot: `^packages/(${Object.keys(mayImport).join("|")})/` },
      to: {},
    },
    {
      name: "events-nothing-at-run-time",
      comment: "@fabra/events imports types only: who writes a bus adapter installs nothing else.",
      severity: "error",
      from: sourceOf("events"),
      to: { path: "node_modules/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "client-nothing-at-run-time",
      comment: "@fabra/client imports types only, and what runs in browsers too.",
      severity: "error",
      from: sourceOf("client"),
      to: { path: "node_modules/", pathNot: "node_modules/uuidv7/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "by-name",
      comment: "One package reaches another by its name, not by a path into its files.",
      severity: "error",
      from: { path: "^((?:packages|examples|tools)/[^/]+)/" },
      to: { path: "^(packages|examples|tools)/", pathNot: "^$1/" },
    },
    {
      name: "declared",
      comment: "Every import is a dependency that its package.json (for tests and tools: or the root one) declares.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "resolvable",
      comment: "Every import leads somewhere. Packages resolve to each other's dist: build first.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-dev-dependency",
      comment: "What users install or copy imports no devDependency.",
      severity: "error",
      from: { path: "^(packages|examples|tools)/[^/]+/src/", pathNot: tests },
      // Users do not install what is bundled.
      to: {
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["npm", "npm-peer"],
        pathNot: "/(gpt-tokenizer|@fabra/redis-transport)/",
      },
    },
    {
      name: "no-test",
      comment: "What is published imports no test.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: tests },
      to: { path: `${tests}|^packages/[^/]+/test/` },
    },
    {
      name: "no-cycle",
      comment: "Files import each other in one direction, types included: a type that two files need lives in a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    // Workspace packages stay what they are to their users: something in node_modules.
    preserveSymlinks: true,
    doNotFollow: { path: "node_modules" },
    exclude: "^(packages|examples)/[^/]+/dist/",
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
}
