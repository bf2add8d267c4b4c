import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { KINDS } from "../src/hostile/kinds.js"

const MAIN = fileURLToPath(new URL("../dist/hostile/main.js", import.meta.url))
// A limit ends what hangs; no test asserts a time.
const timeout = 300_000

test("clients that mean harm neither end the server nor fail others, and fill no log", { timeout }, async () => {
  const args = ["--requests", "1000", "--hold", "1", "--quiet", "1", "--json"]
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args])
  const { kinds, others, logBytes, ...result } = JSON.parse(stdout)
  expect(kinds.map(({ kind }: { kind: string }) => kind)).toEqual(Object.keys(KINDS))
  expect(result).not.toHaveProperty("crashed")
  expect(others).toMatchObject({ failed: 0 })
  expect(others.requests).toBeGreaterThan(100)
  expect(logBytes).toBeLessThan(100_000)
  const statuses = kinds.flatMap(({ answers }: { answers: object }) => Object.keys(answers))
  expect(statuses.filter((status: string) => status.startsWith("5"))).toEqual([])
})
