import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"
import type { BrokenBus } from "./broken/broken-bus.js"
import { brokenClients } from "./broken/broken-clients.js"
import { brokenLogs } from "./broken/broken-leases.js"
import {
  brokenBuses,
  brokenCaches,
  brokenVectors,
  HEALTHY,
  HEALTHY_CLIENTS,
  HEALTHY_KEEPING,
  HEALTHY_LEASES,
} from "./broken/registry.js"

interface Report {
  testResults: { name: string; assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[]
}

/** Titles by adapter, of all tests or of those that failed. */
type Titles = Map<string, string[]>

const packageDir = fileURLToPath(new URL("..", import.meta.url))

/** Runs every broken adapter through its suite, in a vitest of its own. */
async function runBroken(): Promise<Report> {
  const dir = await mkdtemp(join(tmpdir(), "fabra-conformance-"))
  const outputFile = join(dir, "report.json")
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")
  const config = join(packageDir, "test/broken/vitest.config.ts")
  const args = [vitest, "run", "--config", config, "--root", packageDir, "--reporter=json", "--outputFile", outputFile]
  try {
    // It exits with 1, as it must: what matters stands in the report.
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { maxBuffer: 2 ** 27 }, (_, stdout, stderr) => resolve(stdout + stderr))
    })
    const text = await readFile(outputFile, "utf8").catch(() => {
      throw new Error(`The run of the broken adapters left no report:\n${output}`)
    })
    return JSON.parse(text) as Report
  } finally {
    await rm(dir, { recursive: true })
  }
}

function titlesOf(report: Report, suite: string, statuses: readonly string[]): Titles {
  const titles: Titles = new Map()
  const file = report.testResults.find(({ name }) => name.endsWith(suite))
  for (const { ancestorTitles, title, status } of file?.assertionResults ?? []) {
    const adapter = ancestorTitles.find((ancestor) => ancestor !== "") as string
    if (statuses.includes(status)) titles.set(adapter, [...(titles.get(adapter) ?? []), title])
  }
  return titles
}

/** An adapter with one fault and the titles of the tests that must find it. */
type Broken = Pick<BrokenBus, "fault" | "breaks">

const suites: { suite: string; what: string; healthy: readonly string[]; broken: readonly Broken[] }[] = [
  {
    suite: "bus.suite.ts",
    what: "bus",
    healthy: [HEALTHY, HEALTHY_CLIENTS],
    broken: [...brokenBuses, ...brokenClients],
  },
  {
    suite: "logs.suite.ts",
    what: "log",
    healthy: [HEALTHY, HEALTHY_LEASES],
    broken: brokenLogs.map(({ fault, logBreaks }) => ({ fault, breaks: logBreaks })),
  },
  { suite: "cache.suite.ts", what: "cache", healthy: [HEALTHY, HEALTHY_KEEPING], broken: brokenCaches },
  { suite: "vectors.suite.ts", what: "vector store", healthy: [HEALTHY], broken: brokenVectors },
]

describe.each(suites)("a broken $what", ({ suite, healthy, broken }) => {
  let all: Titles
  let failed: Titles

  beforeAll(async () => {
    const report = await shared()
    all = titlesOf(report, suite, ["passed", "failed"])
    failed = titlesOf(report, suite, ["failed"])
  }, 120_000)

  test.each(healthy)("is not the %s one", (name) => {
    expect(all.get(name)?.length).toBeGreaterThan(15)
    expect(failed.get(name) ?? []).toEqual([])
  })

  test.each(broken)("is found out: $fault", ({ fault, breaks }) => {
    expect(all.get(fault)).toEqual(all.get(HEALTHY))
    expect(breaks.length).toBeGreaterThan(0)
    expect(failed.get(fault) ?? []).toEqual(expect.arrayContaining([...breaks]))
  })
})

let running: Promise<Report> | undefined

/** One run for all: it takes longer than everything else. */
function shared(): Promise<Report> {
  running ??= runBroken()
  return running
}
