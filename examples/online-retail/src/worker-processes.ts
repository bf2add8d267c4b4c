import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url))
const MAX_RESTARTS = 10

/** Worker processes that are kept running: one that dies is started again. */
export class WorkerProcesses {
  /** How often one had to be started again. */
  restarts = 0
  /** Rejects when they keep dying. */
  readonly failed: Promise<never>
  readonly #args: readonly string[]
  readonly #metricsPort: number | undefined
  readonly #say: (line: string) => void
  readonly #children = new Set<ChildProcess>()
  #fail: (error: Error) => void = () => {}
  #stopping = false

  /** @param metricsPort of the first; the others take those after it, and one that is started again takes its own again */
  constructor(count: number, args: readonly string[], metricsPort: number | undefined, say: (line: string) => void) {
    this.#args = args
    this.#metricsPort = metricsPort
    this.#say = say
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    for (let n = 0; n < count; n++) this.#start(n)
  }

  /** Kills one of them as a crash would: it has no say in it. */
  killOne(): void {
    const [child] = this.#children
    child?.kill("SIGKILL")
  }

  /** Lets each finish what it has begun. */
  async stop(): Promise<void> {
    this.#stopping = true
    const ends = [...this.#children].map((child) => once(child, "exit"))
    for (const child of this.#children) child.kill("SIGTERM")
    await Promise.all(ends)
  }

  #start(n: number): void {
    // fork hands on how this process itself was started, so that the worker can be TypeScript too.
    const port = this.#metricsPort === undefined ? [] : [String(this.#metricsPort + n)]
    const child = fork(WORKER, [...this.#args, ...port], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
    this.#children.add(child)
    this.#say(`worker ${child.pid} started`)
    child.once("exit", (code, signal) => {
      this.#children.delete(child)
      if (!this.#stopping) this.#restart(n, `worker ${child.pid} died (${signal ?? `exit code ${code}`})`)
    })
  }

  #restart(n: number, what: string): void {
    if (this.restarts === MAX_RESTARTS) {
      this.#fail(new Error(`${what}, after ${MAX_RESTARTS} restarts.`))
      return
    }
    this.restarts++
    this.#say(`${what}; starting it again`)
    this.#start(n)
  }
}
