// For those who serve a store.
export { type ApiKey, createApiKey, hashApiKey, type Scope } from "./api-keys.js"
export type { MetricsSource, ServerOptions } from "./options.js"
// For those who read the answers.
export { PROBLEM_STATUS, type ProblemBody, type ProblemCode } from "./problem.js"
export { createServer, type FabraServer } from "./server.js"
