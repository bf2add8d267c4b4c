import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { startRedisServer } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { fabra } from "./fabra.js"
import { eventually, start } from "./with-the-test.js"

const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8")
const cwd = fileURLToPath(new URL("./getting-started", import.meta.url))

/** The code blocks of docs/getting-started.md of one language. */
async function blocks(language: string): Promise<string[]> {
  const page = await read("../../../docs/getting-started.md")
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, code = ""]) => (of === language ? [code] : []))
}

// The test that it shows runs with these, as getting-started/test/; tools/scripts/check-consumer.mjs runs the commands before.
test("what the page adds to a new project is what is tested here", async () => {
  const [added, tested, ...others] = await blocks("ts")
  expect(await read("./getting-started/src/features.ts")).toBe(
    `${await read("../templates/project/src/features.ts")}\n${added}`,
  )
  expect(await read("./getting-started/test/total-spend.test.ts")).toBe(tested)
  expect(others).toEqual([])
})

test("its commands on Redis do what it says", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace() }
  const lines = (await blocks("sh"))
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.startsWith("npx fabra "))
  const commands = lines.map((line) =>
    [...line.slice("npx fabra ".length).matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word),
  )
  expect(commands.map(([name]) => name)).toEqual(["worker", "publish", "publish", "get"])

  const [worker = [], purchase = [], refund = [], get = []] = commands
  await start(worker, { cwd, env }).says(/"worker started"/)
  for (const publish of [purchase, refund]) expect(await fabra(publish, { cwd, env })).toMatchObject({ code: 0 })
  const features = async () => JSON.parse((await fabra([...get, "--json"], { cwd, env })).stdout).features
  await eventually(features).toMatchObject({ total_spend: { value: 70, status: "PRESENT" } })
})
