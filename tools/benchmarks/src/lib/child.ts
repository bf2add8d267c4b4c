import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/** Where processes leave CPU profiles, if they are to. */
const PROFILES = process.env.BENCH_PROFILES

/** Functions that a child process offers to its parent. Arguments and results travel as JSON. */
type Methods = Record<string, (...args: never[]) => Promise<unknown>>

interface Call {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** To be called once in a child process: answers what the parent asks. */
export function serve(methods: Methods): void {
  process.on("message", async ({ id, method, args }: Call) => {
    try {
      const result = await (methods[method] as (...args: unknown[]) => Promise<unknown>)(...args)
      process.send?.({ id, result } satisfies Answer)
    } catch (error) {
      process.send?.({ id, error: String((error as Error).stack ?? error) } satisfies Answer)
    }
  })
  process.once("disconnect", () => process.exit())
}

/** A child process that {@link serve}s. */
export class Child<T extends Methods> {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #calls = 0

  /**
   * @param name of a file beside `main.ts`, which runs as it was built
   * @param youngMb of V8's young generation, in MiB: the smaller, the shorter and the more frequent are its collections
   */
  constructor(name: string, youngMb = 64) {
    const path = fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url))
    const execArgv = [
      // Fewer and cheaper collections for whoever moves many small objects, and from the start, so that V8 does not take
      // for long-lived what only outlived the first small ones; the same for all contenders.
      `--max-semi-space-size=${youngMb}`,
      `--min-semi-space-size=${youngMb}`,
      // Who waits for its turn must not be taken for idle: V8 would save memory, and then at times need three times as long.
      "--no-memory-reducer",
      ...(PROFILES ? ["--cpu-prof", `--cpu-prof-dir=${PROFILES}`] : []),
    ]
    this.#process = fork(path, { execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] })
    this.#process.on("message", (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
    this.#process.on("exit", (code, signal) => {
      const error = `${name} ended (${signal ?? `code ${code}`})`
      for (const [id, answer] of this.#waiting) answer({ id, error })
      this.#waiting.clear()
    })
  }

  get pid(): number {
    return this.#process.pid as number
  }

  /** What the child's method answers. @throws Error with the child's own stack, or when it has ended */
  call<Name extends keyof T & string>(method: Name, ...args: Parameters<T[Name]>): ReturnType<T[Name]> {
    const id = this.#calls++
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null) return reject(new Error("the process has ended"))
      this.#waiting.set(id, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))))
      this.#process.send({ id, method, args } satisfies Call)
    }) as ReturnType<T[Name]>
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, "exit")
    this.#process.disconnect()
    await gone
  }
}
