import { DEAD_LETTER_REASONS, ERROR_CODES, type ErrorCode } from "@fabra/events"
import { metricDefinitions } from "@fabra/metrics"
import { PROBLEM_STATUS } from "@fabra/server"
import { expect, test } from "vitest"
import { settings } from "../../../packages/cli/src/settings/table.js"
import { files, type Page, page, pages, table } from "../src/pages.js"

/** Words of these files that look like names of a kind and are none, with their place. */
const unknown = (files: readonly Page[], pattern: RegExp, known: ReadonlySet<string>) =>
  files.flatMap(({ path, text }) =>
    (text.match(pattern) ?? []).filter((word) => !known.has(word)).map((word) => `${path}: ${word}`),
  )
const names = (path: string, ...heading: string[]) =>
  table(page(path), ...heading).map(([name = ""]) => name.replaceAll("`", ""))

test("every variable that a page or a source names is a setting", () => {
  const known = new Set<string>(Object.values(settings).map(({ env }) => env))
  for (const ofTests of [
    "FABRA_TEST_REDIS_URL",
    "FABRA_TEST_REDIS_SERVER",
    "FABRA_TEST_REDIS_ACL",
    "FABRA_TEST_POSTGRES_URL",
    "FABRA_TEST_PGLITE_TEMPLATE",
  ])
    known.add(ofTests)
  const sources = files("packages/*/src/**/*.ts", "!**/*.test.ts").map(page)
  expect(unknown([...pages, ...sources], /\b(FABRA|OPENAI)_[A-Z_]*[A-Z]\b/g, known)).toEqual([])
})

test("every metric that a page, the dashboard or an alert names is one", () => {
  const known = new Set(["fabra_workers"]) // the consumer group
  for (const { name, type } of Object.values(metricDefinitions)) {
    for (const part of type === "histogram" ? ["", "_bucket", "_sum", "_count"] : [""]) known.add(name + part)
  }
  const readyMade = files("packages/metrics/ready-made/*.{json,yml}").map(page)
  expect(unknown([...pages, ...readyMade], /\bfabra_[a-z_]*[a-z]\b/g, known)).toEqual([])
})

test("error-handling.md tells every code of an error, and no other", () => {
  expect(names("docs/error-handling.md", "code").sort()).toEqual([...ERROR_CODES].sort())
})

test("operations.md tells every reason of a dead letter, and no other", () => {
  expect(names("docs/operations.md", "reason").sort()).toEqual([...DEAD_LETTER_REASONS].sort())
})

test("a code that answers carry is one of an error, or of requests alone", () => {
  const ofRequests = Object.keys(PROBLEM_STATUS).filter((code) => !ERROR_CODES.includes(code as ErrorCode))
  expect(
    names("docs/http-api.md", "code", "status").filter((code) => !ERROR_CODES.includes(code as ErrorCode)),
  ).toEqual(ofRequests)
})
