// Everything CI checks: one line per step, full output only of what fails, the totals last.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { mapConcurrently, run } from "./lib/run.mjs"
import { temporaryDirectory } from "./lib/tarballs.mjs"

const vitestReport = join(temporaryDirectory(), "vitest.json")

const steps = {
  lint: ["npm", "run", "-s", "lint"],
  build: ["npm", "run", "-s", "build"],
  // All in one program: 26 of them would read the same declarations 26 times, for two minutes.
  typecheck: ["node", "node_modules/typescript-7/bin/tsc"],
  dependencies: ["depcruise", "--output-type=err-long", "packages", "examples", "tools/faults", "tools/benchmarks"],
  knip: ["npm", "run", "-s", "knip"],
  packages: ["node", "tools/scripts/check-packages.mjs"],
  consumer: ["node", "tools/scripts/check-consumer.mjs"],
  docs: ["npm", "run", "-s", "docs"],
  redis: ["node", "tools/scripts/ensure-redis.mjs"],
  vitest: [
    "vitest",
    "run",
    "--no-color",
    "--silent=passed-only",
    // Most tests wait for processes and servers part of the time: three files at once keep two cores busy.
    "--maxWorkers=3",
    "--reporter=dot",
    "--reporter=json",
    `--outputFile.json=${vitestReport}`,
  ],
}

// The groups run one after the other, the steps of a group two at a time. The tests have the machine to themselves:
// they kill processes and wait for leases.
const groups = [
  ["build", "lint"],
  ["consumer", "docs", "dependencies", "typecheck", "packages", "knip", "redis"],
  ["vitest"],
]

const totals = { passed: 0, failed: 0, skipped: 0 }

let built = true

for (const group of groups) {
  if (!built) {
    console.log(`not run without a build: ${group.join(", ")}`)
    totals.skipped += group.length
    continue
  }
  await mapConcurrently(group, 2, async (name) => {
    const started = performance.now()
    const [command, ...args] = steps[name]
    const { code, output } = await run(command, args)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    const tests = name === "vitest" ? addTests() : ""
    totals[code === 0 ? "passed" : "failed"]++
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(12)} ${seconds.padStart(6)} s${tests}`)
    if (name === "build") built = code === 0
    if (code !== 0) console.log(`\n$ ${command} ${args.join(" ")}\n${output}`)
  })
}

console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exitCode = totals.failed === 0 ? 0 : 1

/** Adds vitest's own counts to the totals; what could not even be loaded fails the step itself. */
function addTests() {
  let report
  try {
    report = JSON.parse(readFileSync(vitestReport, "utf8"))
  } catch {
    return ""
  }
  const skipped = report.numPendingTests + report.numTodoTests
  totals.passed += report.numPassedTests
  totals.failed += report.numFailedTests
  totals.skipped += skipped
  return `  ${report.numPassedTests} passed, ${report.numFailedTests} failed, ${skipped} skipped`
}
