import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"

const START_TIMEOUT_MS = 10_000
const PORT_TRIES = 5

/** Options of {@link startRedisServer}. */
export interface RedisServerOptions {
  /** Keep an append-only file, written at every command, so that data outlives {@link RedisTestServer.kill}. */
  readonly appendOnly?: boolean
  /** More arguments for `redis-server`, as `["--maxmemory", "10mb"]`. */
  readonly args?: readonly string[]
}

/** A Redis server for tests. */
export interface RedisTestServer {
  /** With `FABRA_TEST_REDIS_ACL` set, of a user who is allowed no more than that says. */
  readonly url: string
  /** The same server as a user who may do everything, such as look at what was written, or `CONFIG SET`. */
  readonly adminUrl: string
  readonly port: number
  /** True when it is the server of `FABRA_TEST_REDIS_URL`, which tests may use but not kill. */
  readonly isExternal: boolean
  /** A namespace that nobody else uses. */
  namespace(): string
  /** Sends a signal (default `SIGKILL`) and, unless it is `SIGSTOP` or `SIGCONT`, waits until the server is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again at the same address with the same files; kills it first if it runs. */
  restart(): Promise<void>
  /** Ends it and removes its files. Idempotent; does nothing to an external server. */
  stop(): Promise<void>
}

/**
 * Starts a private `redis-server` on a free port of the loopback interface and waits until it answers. It ends with this
 * process, however this process ends. `FABRA_TEST_REDIS_SERVER` names another program than the `redis-server` of the
 * `PATH`. `FABRA_TEST_REDIS_ACL` holds ACL rules, separated by spaces, for the user of its `url`. With `FABRA_TEST_REDIS_URL` set, nothing is started and that server is returned.
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisTestServer> {
  const external = process.env.FABRA_TEST_REDIS_URL
  if (external) return externalServer(external)
  const dir = await mkdtemp(join(tmpdir(), "fabra-redis-"))
  try {
    for (let tries = 1; ; tries++) {
      const server = new PrivateServer(await freePort(), dir, options)
      try {
        await server.start()
        return server
      } catch (error) {
        // Somebody else may have taken the port between our asking for it and the server's binding it.
        if (tries === PORT_TRIES || !/address already in use/i.test(String(error))) throw error
      }
    }
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

class PrivateServer implements RedisTestServer {
  readonly url: string
  readonly adminUrl: string
  readonly isExternal = false
  #process: ChildProcess | undefined
  #watchdog: ChildProcess | undefined

  constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly options: RedisServerOptions,
  ) {
    this.adminUrl = `redis://127.0.0.1:${port}`
    this.url = process.env.FABRA_TEST_REDIS_ACL ? `redis://fabra:test@127.0.0.1:${port}` : this.adminUrl
  }

  namespace = uniqueNamespace

  async start(): Promise<void> {
    const { appendOnly = false, args = [] } = this.options
    const logfile = join(this.dir, "redis.log")
    const child = spawn(
      process.env.FABRA_TEST_REDIS_SERVER || "redis-server",
      [
        "--port",
        String(this.port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        this.dir,
        "--logfile",
        logfile,
        ...(appendOnly ? ["--appendonly", "yes", "--appendfsync", "always"] : []),
        ...userArgs(),
        ...args,
      ],
      { stdio: "ignore" },
    )
    child.unref()
    const failed = new Promise<never>((_, reject) => {
      child.once("error", (cause) => {
        const hint = "install it (apt-get install redis-server, brew install redis) or set FABRA_TEST_REDIS_URL"
        reject(new Error(`redis-server cannot be started: ${hint}.`, { cause }))
      })
      child.once("exit", async () => {
        const log = await readFile(logfile, "utf8").catch(() => "")
        reject(new Error(`redis-server ended at its start: ${log.slice(-500)}`))
      })
    })
    failed.catch(() => {}) // a later exit is no failure of the start
    if (child.pid !== undefined) this.#watchdog = watch(child.pid, this.dir)
    this.#process = child
    try {
      await Promise.race([answers(this.port), failed])
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    if (signal === "SIGSTOP" || signal === "SIGCONT") {
      child.kill(signal)
      return
    }
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.ref()
      const gone = once(child, "exit")
      child.kill(signal)
      await gone
    }
    this.#watchdog?.kill("SIGKILL")
    this.#process = undefined
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.dir, { recursive: true, force: true })
  }
}

function userArgs(): string[] {
  const rules = process.env.FABRA_TEST_REDIS_ACL
  return rules ? ["--user", "fabra", "on", ">test", ...rules.split(" ")] : []
}

/** A shell that waits for the end of our pipe, which comes even when this process is killed, and then ends the server. */
function watch(pid: number, dir: string): ChildProcess {
  const script = 'read _; kill -9 "$1"; rm -rf "$2"'
  const watchdog = spawn("sh", ["-c", script, "watchdog", String(pid), dir], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // a Ctrl-C in the terminal must not end the watchdog before its work is done
  })
  watchdog.on("error", () => {})
  watchdog.unref()
  const pipe = watchdog.stdin as Socket
  pipe.on("error", () => {})
  pipe.unref()
  return watchdog
}

async function answers(port: number): Promise<void> {
  for (const start = Date.now(); Date.now() - start < START_TIMEOUT_MS; ) {
    // While it loads it says -LOADING.
    if ((await askRedis(port, "PING").catch(() => "")) === "+PONG") return
    await delay(10)
  }
  throw new Error(`redis-server on port ${port} does not answer after ${START_TIMEOUT_MS} ms.`)
}

/** Asks one question, without a client: a reply of one line as it is, a longer one without its length. */
export function askRedis(port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${question}\r\n`)).setEncoding("utf8")
    let reply = ""
    socket.setTimeout(1_000, () => socket.destroy(new Error(`no answer to ${question}`)))
    socket.on("data", (data) => {
      reply += data
      const [head, length] = /^(?:\$(\d+)|[^$].*)\r\n/.exec(reply) ?? []
      if (head === undefined || reply.length < head.length + Number(length ?? 0)) return
      resolve(length === undefined ? head.trimEnd() : reply.slice(head.length).trimEnd())
      socket.destroy()
    })
    socket.once("error", reject)
    socket.once("close", () => reject(new Error("the connection was closed")))
  })
}

/** A port of the loopback interface that nobody used a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("There is no free port.")
  return address.port
}

function externalServer(url: string): RedisTestServer {
  const refuse = async () => {
    throw new Error("This test kills or restarts Redis; it cannot do that to the server of FABRA_TEST_REDIS_URL.")
  }
  return {
    url,
    adminUrl: url,
    port: Number(new URL(url).port || 6379),
    isExternal: true,
    namespace: uniqueNamespace,
    kill: refuse,
    restart: refuse,
    stop: async () => {},
  }
}

function uniqueNamespace(): string {
  return `test-${randomUUID()}`
}
