import { execFile } from "node:child_process"
import { once } from "node:events"
import { connect } from "node:net"
import { promisify } from "node:util"
import { afterEach, expect, test } from "vitest"
import { type RedisServerOptions, type RedisTestServer, startRedisServer } from "./redis-server.js"

const run = promisify(execFile)
const started: RedisTestServer[] = []
const isExternal = Boolean(process.env.FABRA_TEST_REDIS_URL)

async function start(options?: RedisServerOptions): Promise<RedisTestServer> {
  const server = await startRedisServer(options)
  started.push(server)
  return server
}

async function ask(server: RedisTestServer, command: string): Promise<string> {
  const socket = connect(server.port, new URL(server.url).hostname)
  try {
    socket.write(`${command}\r\n`)
    const [data] = await once(socket, "data")
    return String(data).trim()
  } finally {
    socket.destroy()
  }
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()))
})

test("answers when it is returned, and gives namespaces that differ", async () => {
  const server = await start()
  expect(await ask(server, "PING")).toBe("+PONG")
  expect(server.namespace()).not.toBe(server.namespace())
})

test.skipIf(isExternal)("is gone after stop, which may be called twice", async () => {
  const server = await start()
  await server.stop()
  await server.stop()
  await expect(ask(server, "PING")).rejects.toThrow()
})

test.skipIf(isExternal)("keeps its data over a kill when it is appendOnly, and loses it when not", async () => {
  const [durable, forgetful] = await Promise.all([start({ appendOnly: true }), start()])
  for (const server of [durable, forgetful]) {
    await ask(server, "SET a 1")
    await server.kill()
    await expect(ask(server, "PING")).rejects.toThrow()
    await server.restart()
  }
  expect(await ask(durable, "EXISTS a")).toBe(":1")
  expect(await ask(forgetful, "EXISTS a")).toBe(":0")
})

test.skipIf(isExternal)("tells what redis-server said when it does not start", async () => {
  await expect(start({ args: ["--no-such-option", "1"] })).rejects.toThrow(/redis-server ended at its start/)
})

test.skipIf(isExternal)("ends with the process that started it, also when that is killed", async () => {
  const script = `
    const { startRedisServer } = await import(${JSON.stringify(new URL("./redis-server.ts", import.meta.url).href)})
    const server = await startRedisServer()
    console.log(server.port)
    process.kill(process.pid, "SIGKILL")`
  const dead = await run(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]).catch((e) => e)
  expect(dead.signal).toBe("SIGKILL")
  const port = Number(dead.stdout)
  await expect.poll(() => isOpen(port), { timeout: 5_000 }).toBe(false)
})

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}
