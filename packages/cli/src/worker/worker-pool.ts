import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import type { Logger } from "@fabra/core"
import { systemClock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import { duration } from "../terminal/output.js"

/** A loaded worker needs a fifth to two fifths less CPU with it: most of what it allocates lives for a few batches. */
const YOUNG_GENERATION = "--max-semi-space-size=64"
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000
/** One that lived so long did not die of how it was started. */
const STEADY_MS = 60_000

/** How to start one worker process. */
export interface WorkerProcess {
  readonly script: string
  readonly args: readonly string[]
  /** @param place which of the processes it is, from 1 on: one that dies is followed by another in the same place */
  readonly env: (place: number) => Readonly<Record<string, string>>
}

/** A number of worker processes that are kept running: one that dies is started again, at growing intervals. */
export class WorkerPool {
  readonly #start: WorkerProcess
  readonly #logger: Logger
  readonly #joined: (child: ChildProcess) => () => void
  readonly #children = new Set<ChildProcess>()

  /** @param joined is told of each process, and returns what to call when that has ended */
  constructor(start: WorkerProcess, logger: Logger, joined: (child: ChildProcess) => () => void) {
    this.#start = start
    this.#logger = logger
    this.#joined = joined
  }

  /** Runs until the signal fires and every process has finished what it had begun. */
  async run(count: number, signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => {
      for (const child of this.#children) child.kill("SIGTERM")
    })
    await Promise.all(Array.from({ length: count }, (_, i) => this.#keep(i + 1, signal)))
  }

  /** Ends every process at once. */
  quit(): void {
    for (const child of this.#children) child.kill("SIGKILL")
  }

  async #keep(place: number, signal: AbortSignal): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const startedAt = performance.now()
      const { pid, reason } = await this.#live(place)
      if (signal.aborted) return
      if (performance.now() - startedAt > STEADY_MS) pauseMs = FIRST_PAUSE_MS
      this.#logger.error({ pid, reason }, `worker died; starting another in ${duration(pauseMs)}`)
      await sleep(systemClock, pauseMs, signal)
    }
  }

  async #live(place: number): Promise<{ pid: number | undefined; reason: string }> {
    const { script, args, env } = this.#start
    const stdio = ["ignore", "inherit", "inherit", "ipc"] as const
    const child = fork(script, args, {
      env: { ...process.env, ...env(place) },
      stdio: [...stdio],
      serialization: "advanced",
      execArgv: [...(process.env.NODE_OPTIONS?.includes("semi-space") ? [] : [YOUNG_GENERATION]), ...process.execArgv],
    })
    this.#children.add(child)
    const left = this.#joined(child)
    const [code, killedBy] = await once(child, "exit")
    left()
    this.#children.delete(child)
    return { pid: child.pid, reason: killedBy ?? `exit code ${code}` }
  }
}
