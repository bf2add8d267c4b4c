import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** They take longest: begun last, one of them would leave a core idle. */
const LONGEST = [
  "tools/faults/test/faults.test.ts",
  "packages/worker/test/simulation/simulation.test.ts",
  "packages/bus-redis/test/memory/memory.test.ts",
  "packages/bus-redis/test/conformance.test.ts",
  "packages/cli/test/documents.test.ts",
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((file) => moduleId.endsWith(file))
    const others = await super.sort(files)
    return [...others.filter(isLong), ...others.filter((file) => !isLong(file))]
  }
}

const inside = (parent: string) =>
  readdirSync(new URL(parent, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .map(({ name }) => `${parent}/${name}`)

const directories = [
  ...inside("packages"),
  ...inside("examples"),
  ...inside("tools").filter((directory) => directory !== "tools/scripts"),
]

/**
 * A process of its own for each file would take as long again as most files, and one for each package has to load the same
 * libraries anew. But what uses one of a process, as OpenTelemetry's API and the programs of examples do, is to find it fresh.
 */
const isIsolated = (directory: string) => directory === "packages/tracing" || directory.startsWith("examples/")
const sharing = directories.filter((directory) => !isIsolated(directory))

/** Where the first test that needs Postgres leaves an empty one for the others, which start in a third of the time. */
function pgliteTemplate(): string {
  const manifest = new URL("packages/testing/node_modules/@electric-sql/pglite/package.json", import.meta.url)
  const { version } = JSON.parse(readFileSync(manifest, "utf8"))
  const cache = fileURLToPath(new URL("node_modules/.cache/", import.meta.url))
  mkdirSync(cache, { recursive: true })
  return `${cache}pglite-${version}.tar`
}

/** What `fabra doctor --acl` prints, for all namespaces: a command that it lacks fails the tests that need it. */
function redisAcl(): string {
  const command = fileURLToPath(new URL("packages/cli/dist/bin.js", import.meta.url))
  if (!existsSync(command)) return "" // nothing is built yet, so no test can run either
  const args = [command, "doctor", "--acl", "--json", "--namespace", "test-namespace"]
  const { rule } = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", env: {} }))
  return rule.replace(/^ACL SETUSER \S+ on /, "").replaceAll("test-namespace", "*")
}

// Packages import each other's built dist here, as users do: `npm run vitest` builds first.
export default defineConfig({
  test: {
    // Only projects that are objects take over what is said here; of the flags only some reach a project, and not
    // --hookTimeout.
    projects: [
      {
        extends: true as const,
        test: { name: "sharing", include: sharing.map((directory) => `${directory}/**/*.test.ts`), isolate: false },
      },
      ...directories.filter(isIsolated).map((root) => ({ extends: true as const, test: { name: root, root } })),
    ],
    env: { FABRA_TEST_PGLITE_TEMPLATE: pgliteTemplate(), FABRA_TEST_REDIS_ACL: redisAcl() },
    // No test asserts a time: a limit is there to end what hangs, also on a machine that is busy with other things.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // A trial of tools/faults is three workers and up to six servers, and waits most of the time.
    maxConcurrency: 4,
    sequence: { sequencer: LongestFirst },
  },
})
