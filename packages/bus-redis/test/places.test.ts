import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createEvent } from "@fabra/events"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { RedisEventBus, type RedisEventBusOptions } from "../src/index.js"
import { isExternal } from "./support.js"

const pem = (name: string) => fileURLToPath(new URL(`tls/${name}`, import.meta.url))

async function publish(options: RedisEventBusOptions): Promise<void> {
  const bus = new RedisEventBus({ commandTimeoutMs: 20_000, ...options })
  onTestFinished(() => bus.close())
  await bus.publish(createEvent({ eventType: "tested", entityId: "ann" }))
}

/** Seen by another connection. */
async function keysIn({ adminUrl }: RedisTestServer, db: number): Promise<string[]> {
  const redis = new Redis(adminUrl, { db })
  try {
    return await redis.keys("*")
  } finally {
    redis.disconnect()
  }
}

/** A sentinel that watches the master at `port` under the name `watched`; resolves to its own port once it does. */
async function startSentinel(directory: string, port: number): Promise<number> {
  const own = await freePort()
  const file = join(directory, "sentinel.conf")
  await writeFile(file, `port ${own}\nbind 127.0.0.1\ndir ${directory}\nsentinel monitor watched 127.0.0.1 ${port} 1\n`)
  const program = process.env.FABRA_TEST_REDIS_SERVER || "redis-server"
  const sentinel = spawn(program, [file, "--sentinel"], { stdio: "ignore" })
  onTestFinished(async () => {
    sentinel.kill("SIGKILL")
    if (sentinel.exitCode === null && sentinel.signalCode === null) await once(sentinel, "exit")
  })
  await expect.poll(() => isListening(own)).toBe(true)
  return own
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true))
    socket.on("error", () => resolve(false)).on("connect", () => socket.destroy())
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

/** Stands before a Redis and lets it say that it is of another version, written with as many characters. */
async function claimVersion(target: number, version: string): Promise<number> {
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1")
    near.pipe(far).on("error", () => near.destroy())
    near.on("error", () => far.destroy())
    far.on("data", (data) => {
      const claim = (whole: string) => `redis_version:${version.padEnd(whole.length - 14, "0")}`
      near.write(data.toString("latin1").replace(/redis_version:[\d.]+/, claim), "latin1")
    })
    far.on("close", () => near.destroy())
    near.on("close", () => far.destroy())
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

describe.skipIf(isExternal)("a url leads to", () => {
  let server: RedisTestServer
  let directory: string
  let tlsPort: number

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "fabra-places-"))
    tlsPort = await freePort()
    const certificate = ["--tls-cert-file", pem("server.pem"), "--tls-key-file", pem("server.key")]
    const authority = ["--tls-ca-cert-file", pem("authority.pem"), "--tls-auth-clients", "no"]
    const tls = ["--tls-port", String(tlsPort), ...certificate, ...authority]
    server = await startRedisServer({ args: ["--unixsocket", join(directory, "redis.sock"), ...tls] })
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test("a Unix socket, with its database", async () => {
    const { username, password } = new URL(server.url)
    const login = `username=${username}&password=${password}`
    await publish({ url: `unix://${directory}/redis.sock?db=1&${login}`, namespace: "socket" })
    expect(await keysIn(server, 1)).toContain("socket:meta")
  })

  test("the master that sentinels watch", async () => {
    const port = await startSentinel(directory, server.port)
    const { username, password } = new URL(server.url)
    const url = `redis+sentinel://${username}:${password}@127.0.0.1:${port}/watched/2`
    await publish({ url, namespace: "watched" })
    expect(await keysIn(server, 2)).toContain("watched:meta")
    await expect(publish({ url: url.replace("watched", "nobody"), commandTimeoutMs: 1_000 })).rejects.toMatchObject({
      code: "bus_unavailable",
      message: expect.stringContaining("sentinels are unreachable"),
    })
  })

  test("a server whose certificate an authority of ours has signed", async () => {
    const url = server.url.replace("redis://", "rediss://").replace(String(server.port), String(tlsPort))
    const tlsCa = await readFile(pem("authority.pem"), "utf8")
    await publish({ url, tlsCa, namespace: "secure" })
    expect(await keysIn(server, 0)).toContain("secure:meta")
    await expect(publish({ url, commandTimeoutMs: 1_000 })).rejects.toMatchObject({
      message: expect.stringMatching(/certificate/),
    })
  })
})

test("a Redis that is too old is refused at once, with what to do", async () => {
  const server = await startRedisServer()
  onTestFinished(() => server.stop())
  const url = server.url.replace(String(server.port), String(await claimVersion(server.port, "6.2.1")))
  // Tried again, it would not be refused within the time of this test.
  await expect(publish({ url, commandTimeoutMs: 600_000 })).rejects.toMatchObject({
    code: "bus_unavailable",
    message: expect.stringMatching(/^Redis: this Redis is 6\.2\.10*, which is too old: use Redis 7\.0 or newer$/),
  })
})
