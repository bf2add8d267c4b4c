// For those who serve a store.
export { type ApiKey, createApiKey, hashApiKey, type Scope } from "./access/api-keys.js"
// For those who read the answers.
export { PROBLEM_STATUS, type ProblemBody, type ProblemCode } from "./answer/problem.js"
export type { MetricsSource, ServerOptions } from "./options.js"
export { createServer, type FabraServer } from "./server.js"
export type { AppliedFeed, AppliedNotice, AppliedNotices } from "./watch/feed.js"
