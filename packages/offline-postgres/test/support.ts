import { execFile, spawn } from "node:child_process"
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { PGlite } from "@electric-sql/pglite"
import { PGLiteSocketServer } from "@electric-sql/pglite-socket"
import pg from "pg"

/** A server that speaks Postgres. */
export interface TestPostgres {
  readonly url: string
  /** It has sessions side by side, and ends what takes too long; PGlite does neither. */
  readonly isReal: boolean
  stop(): Promise<void>
}

/** The directory of a Postgres server installed here, as Debian puts it. */
const BIN = ["18", "17", "16", "15", "14"].map((version) => `/usr/lib/postgresql/${version}/bin`).find(existsSync)

/** What tests run on: the server that is named, else one that is installed, else PGlite behind a socket. */
export const hasRealPostgres = Boolean(process.env.FABRA_TEST_POSTGRES_URL) || BIN !== undefined

export async function startPostgres(): Promise<TestPostgres> {
  const named = process.env.FABRA_TEST_POSTGRES_URL
  if (named) return { url: named, isReal: true, stop: async () => {} }
  return BIN === undefined ? startPGlite() : startServer(BIN)
}

/** Runs statements as the one who fills the database. */
export async function fill(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(sql)
  await client.end()
}

async function startPGlite(): Promise<TestPostgres> {
  const engine = await PGlite.create()
  const server = new PGLiteSocketServer({ db: engine, port: 0, maxConnections: 100 })
  await server.start()
  return {
    url: `postgres://postgres@${server.getServerConn()}/postgres`,
    isReal: false,
    async stop() {
      await server.stop()
      await engine.close()
    },
  }
}

async function startServer(bin: string): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), "fabra-postgres-"))
  const data = join(directory, "data")
  // The server refuses to be root's.
  const user = process.getuid?.() === 0 ? userOf("postgres") : undefined
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  const options = { ...user, cwd: directory }
  await promisify(execFile)(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions"],
    options,
  )
  const port = await freePort()
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), "-k", directory, "-F", "-c", "listen_addresses=127.0.0.1"],
    { ...options, stdio: "ignore" },
  )
  const over = new Promise<void>((resolve) => server.once("exit", () => resolve()))
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(`Postgres ended with ${server.exitCode}.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url,
    isReal: true,
    async stop() {
      server.kill("SIGINT") // ends every session at once
      await over
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url)
  client.on("error", () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

function userOf(name: string): { uid: number; gid: number } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(":") ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
}
