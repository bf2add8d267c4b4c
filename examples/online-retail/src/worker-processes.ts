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
  readonly #say: (line: string) => void
  readonly #children = new Set<ChildProcess>()
  #fail: (error: Error) => void = () => {}
  #stopping = false

  constructor(count: number, args: readonly string[], say: (line: string) => void) {
    this.#args = args
    this.#say = say
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    for (let n = 0; n < count; n++) this.#start()
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

  #start(): void {
    // fork hands on how this process itself was started, so that the worker can be TypeScript too.
    const child = fork(WORKER, this.#args, { stdio: ["ignore", "ignore", "inherit", "ipc"] })
    this.#children.add(child)
    this.#say(`worker ${child.pid} started`)
    child.once("exit", (code, signal) => {
      this.#children.delete(child)
      if (!this.#stopping) this.#restart(`worker ${child.pid} died (${signal ?? `exit code ${code}`})`)
    })
  }

  #restart(what: string): void {
    if (this.restarts === MAX_RESTARTS) {
      this.#fail(new Error(`${what}, after ${MAX_RESTARTS} restarts.`))
      return
    }
    this.restarts++
    this.#say(`${what}; starting it again`)
    this.#start()
  }
}
