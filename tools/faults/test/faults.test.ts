import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { FAULTS, type FaultName } from "../src/kinds/index.js"
import { runTrial } from "../src/trial.js"

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url))
const SEED = 1
// A limit ends what hangs; no test asserts a time.
const timeout = 300_000

describe.skipIf(process.env.FABRA_TEST_REDIS_URL)("no event is the worse for it", () => {
  const [first, ...others] = Object.keys(FAULTS) as [FaultName, ...FaultName[]]

  test.concurrent.each(others)("%s", { timeout }, async (fault) => {
    const { violations, events } = await runTrial(fault, SEED)
    expect(violations).toEqual([])
    expect(events).toBeGreaterThan(0)
  })

  test.concurrent(`${first}, from the command line`, { timeout }, async () => {
    const { code, stdout, stderr } = await runMain(["--fault", first, "--seed", `${SEED}`, "--json"])
    expect(stderr).toContain(`${first} `)
    const nothing = { lost: 0, duplicated: 0, reordered: 0, half_visible: 0, stuck: 0, error: 0, failing: [] }
    expect(JSON.parse(stdout)).toMatchObject({ trials: 1, events: expect.any(Number), ...nothing })
    expect(code).toBe(0)
  })
})

test.each([
  [["--fault", "earthquake"], "Allowed choices are kill,"],
  [["--minutes", "0"], "It must be a number above 0."],
  [["--seed", "x"], "It must be a whole number from 0 on."],
])("%j is refused with exit code 2", { timeout }, async (args, message) => {
  const { code, stdout, stderr } = await runMain(args)
  expect(stderr).toContain(message)
  expect(stdout).toBe("")
  expect(code).toBe(2)
})

/** Runs the program as a user does. */
async function runMain(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")])
  return { code, stdout, stderr }
}
