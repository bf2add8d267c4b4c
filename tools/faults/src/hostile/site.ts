import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"

const BIN = fileURLToPath(new URL("../../../../packages/cli/dist/bin.js", import.meta.url))
const FEATURES = fileURLToPath(new URL("./features.js", import.meta.url))
const HEAP_MB = 512

/** `fabra serve` with 512 MB of heap and `fabra worker`, as they are installed, on a Redis of their own. */
export class Site {
  /** Bytes that the server has logged. */
  logged = 0
  /** The signal or code with which the server ended, unless it was told to. */
  crashed: string | undefined
  #isStopping = false

  private constructor(
    readonly port: number,
    /** Of a client that behaves, and of one that does not; each may do everything but operate. */
    readonly keys: { readonly good: string; readonly hostile: string },
    private readonly redis: RedisTestServer,
    private readonly server: ChildProcess,
    private readonly worker: ChildProcess,
  ) {
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.logged += data.length
      })
    }
    server.once("exit", (code, signal) => {
      if (!this.#isStopping) this.crashed = String(signal ?? code)
    })
  }

  static async start(): Promise<Site> {
    const redis = await startRedisServer()
    const [good, hostile] = await Promise.all(["good", "hostile"].map(makeKey))
    if (good === undefined || hostile === undefined) throw new Error("There are no keys.")
    const env = {
      ...process.env,
      FABRA_REDIS_URL: redis.url,
      FABRA_API_KEYS: `${good.setting},${hostile.setting}`,
      FABRA_FEATURES: FEATURES,
    }
    const heap = `--max-old-space-size=${HEAP_MB}`
    const run = (...args: string[]) => spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] })
    const server = run(heap, BIN, "serve", "--port", "0")
    const worker = run(BIN, "worker")
    for (const stream of [worker.stdout, worker.stderr]) stream.resume()
    const port = await portOf(server)
    return new Site(port, { good: good.key, hostile: hostile.key }, redis, server, worker)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    for (const child of [this.server, this.worker]) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill("SIGKILL")
      await once(child, "exit")
    }
    await this.redis.stop()
  }
}

async function makeKey(name: string): Promise<{ readonly key: string; readonly setting: string }> {
  const args = [BIN, "api-key", name, "--scopes", "ingest", "read", "--json"]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

/** The port that the server says it serves at. */
async function portOf({ stdout, stderr }: ChildProcess): Promise<number> {
  let said = ""
  return new Promise((resolve, reject) => {
    const listen = (data: Buffer) => {
      said += data
      const [, port] = /"url":"http:\/\/[^"]*:(\d+)"/.exec(said) ?? []
      if (port !== undefined) resolve(Number(port))
    }
    for (const stream of [stdout, stderr]) {
      stream?.on("data", listen)
      stream?.once("close", () => reject(new Error(`The server ended at its start: ${said}`)))
    }
  })
}
