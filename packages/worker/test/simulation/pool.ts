import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import type { ConfigurationName } from "./configurations.js"
import type { Report, Task } from "./run.js"

const SEEDS_PER_TASK = 10

/** Seeds from `from` on, `count` of them in each configuration, in small tasks. */
export function tasksFor(
  configurations: readonly ConfigurationName[],
  from: number,
  count: number,
  seedsPerTask = SEEDS_PER_TASK,
): Task[] {
  const tasks: Task[] = []
  for (let start = from; start < from + count; start += seedsPerTask) {
    const to = Math.min(start + seedsPerTask, from + count)
    for (const configuration of configurations) tasks.push({ configuration, from: start, to, tracing: false })
  }
  return tasks
}

/** Threads that run tasks of one bundle. Each starts when it is first needed, and stays: it is slow in the beginning. */
export class Pool {
  readonly #url: URL
  readonly #threads: Worker[] = []

  constructor(bundle: string) {
    this.#url = new URL(`data:text/javascript;base64,${Buffer.from(bundle).toString("base64")}`)
  }

  /** Runs tasks, on every processor unless told otherwise. Stops when `onReport` returns false. */
  async run(
    tasks: readonly Task[],
    onReport: (report: Report) => boolean,
    threads = availableParallelism(),
  ): Promise<void> {
    const queue = [...tasks]
    await Promise.all(
      Array.from({ length: Math.min(threads, queue.length) }, async (_, i) => {
        const thread = this.#threads[i] ?? this.#start(i)
        for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
          if (!onReport(await ask(thread, task))) queue.length = 0
        }
      }),
    )
  }

  #start(i: number): Worker {
    // Without the loaders of this process: they would map every stack trace back to its source.
    const thread = new Worker(this.#url, { execArgv: [] })
    this.#threads[i] = thread
    return thread
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }
}

function ask(worker: Worker, task: Task): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve)
    worker.once("error", reject)
    worker.postMessage(task)
  }).finally(() => {
    worker.removeAllListeners("message")
    worker.removeAllListeners("error")
  }) as Promise<Report>
}
