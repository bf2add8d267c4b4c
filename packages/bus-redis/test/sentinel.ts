import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { expect, vi } from "vitest"

/** A Redis Sentinel that looks after the master `main` at this port and fails over when it is told to. */
export async function startSentinel(masterPort: number) {
  const dir = await mkdtemp(join(tmpdir(), "fabra-sentinel-"))
  const port = await freePort()
  const conf = join(dir, "sentinel.conf")
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    "protected-mode no",
    `dir ${dir}`,
    `sentinel monitor main 127.0.0.1 ${masterPort} 1`,
    "sentinel down-after-milliseconds main 500",
  ]
  await writeFile(conf, `${lines.join("\n")}\n`)
  const program = process.env.FABRA_TEST_REDIS_SERVER ?? "redis-server"
  const child = spawn(program, [conf, "--sentinel"], { stdio: "ignore" })
  const ended = once(child, "exit")
  const redis = new Redis(port, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on("error", () => {})
  const master = async () => (await redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")) as string[]
  return {
    port,
    async knowsReplica() {
      const found = async () => expect(await redis.call("SENTINEL", "REPLICAS", "main")).toHaveLength(1)
      await vi.waitFor(found, { timeout: 20_000 })
    },
    /** Resolves once another server is the master. */
    async failOver() {
      const isOver = async () => {
        await redis.call("SENTINEL", "FAILOVER", "main").catch(() => {}) // refused while one is under way
        expect(await master()).not.toContain(String(masterPort))
      }
      await vi.waitFor(isOver, { timeout: 20_000 })
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      child.kill("SIGKILL")
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
