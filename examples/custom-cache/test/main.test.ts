import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, onTestFinished, test } from "vitest"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

test("totals go on where the start before left them", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fabra-"))
  onTestFinished(() => rm(directory, { recursive: true }))
  const start = async () => (await promisify(execFile)(process.execPath, ["--import", "tsx", main, directory])).stdout
  expect((await start()).match(/│ 0 +│ \d+ +│ (\d+) +│ true/g)).toHaveLength(6)
  const again = await start()
  expect(again.match(/│ true/g)).toHaveLength(6)
  expect(again).not.toMatch(/│ 0 +│ \d+ +│ \d+ +│ true/)
})
