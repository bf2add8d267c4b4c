import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { LmdbFeatureCache } from "../src/lmdb-feature-cache.js"

const counter = fileURLToPath(new URL("./counter.ts", import.meta.url))

test("loses nothing of what it confirmed to three processes, one of which is killed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fabra-"))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, "features.mdb")

  const said: number[] = []
  const start = (times: number, killedAfter = Infinity) => {
    const child = spawn(process.execPath, ["--import", "tsx", counter, path, String(times)], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let own = 0
    child.stdout.on("data", (chunk) => {
      const totals = String(chunk).trim().split("\n").map(Number)
      said.push(...totals)
      own += totals.length
      if (own >= killedAfter) child.kill("SIGKILL")
    })
    return once(child, "close")
  }
  const [, , [, signal]] = await Promise.all([start(200), start(200), start(1e9, 50)])
  expect(signal).toBe("SIGKILL")

  const cache = new LmdbFeatureCache({ path })
  const [[total] = []] = await cache.read([{ entityType: "User", entityId: "user_123" }], ["total"])
  await cache.close()
  // Nobody was told the same total twice, and at most the last one of the killed process was told to nobody.
  expect(said.filter((one, i) => said.indexOf(one) !== i)).toEqual([])
  expect([said.length, said.length + 1]).toContain(Number(total?.text))
})
