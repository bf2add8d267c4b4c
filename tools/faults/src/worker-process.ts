import { type ChildProcess, fork } from "node:child_process"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { PLAN_VARIABLE, type WorkerMessage, type WorkerOrder, type WorkerPlan } from "./plan.js"

/** Built: a kill's successor starts in half the time. */
const PROGRAM = fileURLToPath(new URL("../dist/worker.js", import.meta.url))
const KEPT_LINES = 20

/** None of them outlives us. */
const alive = new Set<ChildProcess>()
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL")
})

/** How a worker process has ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Epoch milliseconds of the machine. */
  readonly at: number
}

/** One worker in a process of its own. */
export class WorkerProcess {
  readonly name: string
  readonly consumer: string
  readonly ended: Promise<Ending>
  /** Partitions it says it holds. */
  owned: readonly number[] = []
  /** Its death is our doing, or may be. */
  isDoomed: boolean
  /** The last lines it wrote to standard error. */
  readonly lines: string[] = []
  readonly #child: ChildProcess

  constructor(plan: WorkerPlan, onApplied: (partition: number, at: number) => void) {
    this.name = plan.name
    this.consumer = plan.consumer
    this.isDoomed = plan.dieAt !== undefined
    const child = fork(PROGRAM, [], {
      execArgv: [],
      env: { ...process.env, [PLAN_VARIABLE]: JSON.stringify(plan) },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    })
    this.#child = child
    child.on("error", () => {}) // an order to one that is just dying
    child.on("message", (message: WorkerMessage) => {
      if ("owns" in message) this.owned = message.owns
      else onApplied(message.applied, message.at)
    })
    createInterface({ input: child.stderr as Readable }).on("line", (line) => {
      this.lines.push(line)
      if (this.lines.length > KEPT_LINES) this.lines.shift()
    })
    alive.add(child)
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        alive.delete(child)
        resolve({ code, signal, at: Date.now() })
      })
    })
  }

  /** `SIGKILL` ends it without a word, `SIGSTOP` freezes it until `SIGCONT`, `SIGTERM` asks it to stop. */
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): void {
    this.isDoomed ||= signal === "SIGKILL"
    this.#child.kill(signal)
  }

  order(order: WorkerOrder): void {
    if (this.#child.connected) this.#child.send(order)
  }
}
