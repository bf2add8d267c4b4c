// npm run simulate -- --seeds 1000 [--from 1] [--config bus] [--json]
// npm run simulate -- --seed 17 --config bus --trace
// npm run simulate -- --mutations [--seeds 6000] [--record]: what shows when a guard is taken away; with --record the tests
// begin where it was found
import { parseArgs } from "node:util"
import { bundleSimulation } from "./bundle.js"
import { CONFIGURATIONS, type ConfigurationName } from "./configurations.js"
import { findViolation, openPool } from "./mutate.js"
import { MUTATIONS } from "./mutations.js"
import { Pool, tasksFor } from "./pool.js"
import { recordSeed } from "./record-seed.js"
import { Totals } from "./totals.js"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    config: { type: "string" },
    json: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    mutations: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
})

if (values.mutations) await showMutations(Number(values.seeds))
else await showSeeds()

/** A row for each guard: what its removal was found to bring about, and after how many executions. */
async function showMutations(limit: number): Promise<void> {
  const pool = await openPool()
  // Nothing is recorded of those that another guard covers, which take longest.
  const mutations = values.record ? MUTATIONS.filter(({ finds }) => finds.length > 0) : MUTATIONS
  for (const mutation of mutations) {
    const { kind, executions, seed } = await findViolation(pool, mutation, limit)
    if (values.record && seed !== undefined && executions > 1) await recordSeed(mutation, seed)
    if ((kind === undefined) !== (mutation.finds.length === 0)) process.exitCode = 1
    const found = kind === undefined ? "-" : `${kind} (seed ${seed})`
    const covered = mutation.covered === undefined ? "" : ` [${mutation.covered}]`
    console.log(
      `${found.padEnd(26)} ${String(executions).padStart(5)} ${mutation.config.padEnd(10)} ${mutation.guard}${covered}`,
    )
  }
  await pool.close()
}

async function showSeeds(): Promise<void> {
  const all = Object.keys(CONFIGURATIONS) as ConfigurationName[]
  const configurations = values.config === undefined ? all : all.filter((name) => values.config === name)
  if (configurations.length === 0) throw new Error(`--config must be one of ${all.join(", ")}.`)
  const from = Number(values.seed ?? values.from)
  const seeds = values.seed === undefined ? Number(values.seeds) : 1

  const started = performance.now()
  const totals = new Totals()
  const pool = new Pool(await bundleSimulation())
  const tasks = tasksFor(configurations, from, seeds).map((task) => ({ ...task, tracing: values.trace }))
  let told = started
  await pool.run(tasks, (report) => {
    totals.add(report)
    for (const trace of report.traces) console.log(trace.join("\n"))
    for (const failure of totals.describe(report)) console.error(failure)
    if (performance.now() - told > 5000) {
      told = performance.now()
      console.error(`${totals.seeds} of ${seeds * configurations.length} executions, ${totals.failing.length} failed`)
    }
    return true
  })
  await pool.close()

  const took = (performance.now() - started) / 1000
  if (values.json) console.log(JSON.stringify(totals))
  else console.log(`${totals.sentence()} ${took.toFixed(1)} s, ${(totals.seeds / took).toFixed(0)} a second.`)
  process.exitCode = totals.failing.length === 0 ? 0 : 1
}
