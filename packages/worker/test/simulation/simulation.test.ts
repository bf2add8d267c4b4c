import { afterAll, beforeAll, expect, test } from "vitest"
import { CONFIGURATIONS, type ConfigurationName } from "./configurations.js"
import { findViolation, openPool } from "./mutate.js"
import { MUTATIONS } from "./mutations.js"
import { type Pool, tasksFor } from "./pool.js"
import { Totals } from "./totals.js"

const LONG = 600_000
const CONFIGURATION_NAMES = Object.keys(CONFIGURATIONS) as ConfigurationName[]
const SEEDS = 128
/** So many executions show nothing where another guard holds. */
const COVERED_EXECUTIONS = 100
const MAX_EXECUTIONS = 6000

let pool: Pool
beforeAll(async () => {
  pool = await openPool()
})
afterAll(() => pool.close())

test(`${SEEDS * CONFIGURATION_NAMES.length} executions violate no promise`, { timeout: LONG }, async () => {
  const totals = new Totals()
  const failures: string[] = []
  await pool.run(tasksFor(CONFIGURATION_NAMES, 1, SEEDS), (report) => {
    totals.add(report)
    failures.push(...totals.describe(report))
    return true
  })
  expect(failures).toEqual([])
  expect(totals.seeds).toBe(SEEDS * CONFIGURATION_NAMES.length)
})

test("the same seed is the same execution", { timeout: LONG }, async () => {
  const traces: string[] = []
  const tasks = [1, 2].map(() => ({ configuration: "apart" as const, from: 7, to: 8, tracing: true }))
  await pool.run(tasks, (report) => {
    traces.push(...report.traces.map((lines) => lines.join("\n")))
    return true
  })
  expect(traces).toHaveLength(2)
  expect(traces[0]?.length).toBeGreaterThan(1000)
  expect(traces[0]).toBe(traces[1])
})

const caught = MUTATIONS.filter(({ finds }) => finds.length > 0)
test.each(caught)("without its guard it shows, with it not: $guard", { timeout: LONG }, async (mutation) => {
  const { kind, seed } = await findViolation(pool, mutation, MAX_EXECUTIONS)
  expect(mutation.finds).toContain(kind)
  const failed: unknown[] = []
  await pool.run(tasksFor([mutation.config], seed as number, 1), (report) => {
    failed.push(...report.failed)
    return true
  })
  expect(failed).toEqual([])
})

const covered = MUTATIONS.filter(({ finds }) => finds.length === 0)
test.each(covered)("without its guard another holds: $guard, by $covered", { timeout: LONG }, async (mutation) => {
  expect(await findViolation(pool, mutation, COVERED_EXECUTIONS)).toMatchObject({ kind: undefined })
})
