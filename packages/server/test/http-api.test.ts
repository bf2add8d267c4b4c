import { readFile } from "node:fs/promises"
import { MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { expect, onTestFinished, test } from "vitest"
import { createServer, PROBLEM_STATUS } from "../src/index.js"
import { commandsOf, run, settle } from "./console-blocks.js"
import { store } from "./docs-features.js"
import { startWorker } from "./support.js"

const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8")

test("every command of docs/http-api.md answers what the page says", async () => {
  const page = await read("../../../docs/http-api.md")
  expect(page).toContain(await read("./docs-features.ts"))

  const bus = new MemoryEventBus({ partitions: 2 })
  const server = createServer(store, { bus, cache: new MemoryFeatureCache(), logger: silent, port: 0 })
  const { url } = await server.listen()
  onTestFinished(() => server.close())
  const worker = startWorker(store, bus, { consumer: "worker-1" })

  const commands = commandsOf(page)
  expect(commands.length).toBeGreaterThan(15)
  for (const { command, output } of commands) {
    await worker.idle()
    expect(settle(await run(command, url)), command).toEqual(settle(output))
  }
})

test("docs/http-api.md lists every code with its status", async () => {
  const page = await read("../../../docs/http-api.md")
  const listed = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, Number(status)])
  expect(Object.fromEntries(listed)).toEqual(PROBLEM_STATUS)
})
