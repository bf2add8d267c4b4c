import type { Contender } from "./contender.js"
import { contenderNamed } from "./contenders/index.js"
import { startAll } from "./lib/start-all.js"
import { partOf, RunningContender } from "./run.js"
import type { Sizes } from "./sizes.js"

/** Most code is compiled after so many events, also that of who is slow. */
const LEAST_WARM_UP = 4_000

/** Stops whatever `use` has let run, however it ends. */
export async function withContenders<T>(sizes: Sizes, use: (contenders: RunningContenders) => Promise<T>): Promise<T> {
  const contenders = new RunningContenders(sizes)
  try {
    return await use(contenders)
  } finally {
    await contenders.only([])
  }
}

/** Contenders that several suites measure: each is started and warmed once. */
export class RunningContenders {
  readonly #sizes: Sizes
  #all: readonly RunningContender[] = []

  constructor(sizes: Sizes) {
    this.#sizes = sizes
  }

  /** Those of these names, in their order; starts side by side what does not run yet, and stops what is not among them. */
  async only(names: readonly string[]): Promise<readonly RunningContender[]> {
    const kept = this.#all.filter(({ contender }) => names.includes(contender.name))
    await Promise.all(this.#all.filter((running) => !kept.includes(running)).map((running) => running.stop()))
    this.#all = kept
    const missing = names.filter((name) => !kept.some(({ contender }) => contender.name === name))
    const started = await startAll(missing.map((name) => this.#start(contenderNamed(name))))
    this.#all = [...kept, ...started]
    // A worker that has just started is behind at once: what then were measured is how long it takes to come up.
    await Promise.all(started.map((running) => running.drain(this.#warmUpOf(running.contender))))
    return names.flatMap((name) => this.#all.filter(({ contender }) => contender.name === name))
  }

  #start(contender: Contender): Promise<RunningContender> {
    const { workload } = this.#sizes
    // To a worker that runs all day few entities are new. But where the warm-up is too short for all of them, what is
    // measured would be first events, and no update could be lost.
    const known = this.#warmUpOf(contender) < workload.entities ? 0 : workload.entities
    return RunningContender.start(contender, { ...workload, known })
  }

  #warmUpOf(contender: Contender): number {
    return Math.max(LEAST_WARM_UP, partOf(contender, this.#sizes.warmUpEvents))
  }
}
