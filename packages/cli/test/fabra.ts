import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { dirname } from "node:path"
import { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { main } from "../src/main.js"

/** The command as it is published. */
export const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url))
/** Where the user of these tests stands. */
export const FIXTURES = fileURLToPath(new URL("./fixtures", import.meta.url))

/** How a command is run. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

/** What a command has left behind. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command to its end, in a process of its own. */
export async function spawned(
  args: readonly string[],
  { cwd = FIXTURES, env = {}, input }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: environment(env), stdio: ["pipe", "pipe", "pipe"] })
  child.stdin.on("error", () => {}) // not every command reads it
  child.stdin.end(input)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
  return { code, stdout, stderr }
}

let before: Promise<unknown> = Promise.resolve()

/**
 * Runs a command to its end in this process, in a tenth of the time that a process of its own takes. Environment, directory and
 * streams are exchanged meanwhile, so commands run one after the other: for one that waits for another use {@link spawned}.
 */
export function fabra(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = before.then(() => runHere(args, options))
  before = outcome.catch(() => {})
  return outcome
}

async function runHere(
  args: readonly string[],
  { cwd = FIXTURES, env = {}, input = "" }: RunOptions,
): Promise<Outcome> {
  const { exitCode } = process
  const directory = process.cwd()
  const written = { stdout: "", stderr: "" }
  const restore = [
    exchange(process, "env", environment(env)),
    exchange(process, "stdin", Readable.from([Buffer.from(input)])),
    exchange(process.stdout, "write", (text: string) => (written.stdout += text)),
    exchange(process.stderr, "write", (text: string) => (written.stderr += text)),
    ...["SIGINT", "SIGTERM"].map(keepListeners),
  ]
  process.chdir(cwd)
  process.exitCode = undefined
  try {
    // Neither called nor awaited here: an error's stack would name this file, as if it were the user's.
    const code = await new Promise<number>((resolve, reject) => {
      Promise.resolve(args)
        .then(main)
        .then((code) => resolve(code), reject)
    })
    return { code, ...written }
  } finally {
    for (const one of restore) one()
    process.chdir(directory)
    process.exitCode = exitCode
  }
}

/** Gives a property another value; returns what takes that back. */
function exchange(target: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { value, configurable: true, writable: true })
  return () => {
    Reflect.deleteProperty(target, name)
    if (own !== undefined) Object.defineProperty(target, name, own)
  }
}

/** Returns what takes off the listeners that are added from now on. */
function keepListeners(signal: string): () => void {
  const kept = process.listeners(signal as NodeJS.Signals)
  return () => {
    process.removeAllListeners(signal)
    for (const listener of kept) process.on(signal, listener)
  }
}

/** A command that runs until it is told to stop, in a process of its own. */
export class Running {
  /** Both outputs, as they came. */
  output = ""
  readonly child: ChildProcess
  readonly #closed: Promise<void>
  #changed: () => void = () => {}

  constructor(args: readonly string[], { cwd = FIXTURES, env = {} }: RunOptions = {}) {
    this.child = spawn(process.execPath, [BIN, ...args], {
      cwd,
      env: environment(env),
      stdio: ["ignore", "pipe", "pipe"],
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        this.output += chunk
        this.#changed()
      })
    }
    this.#closed = once(this.child, "close").then(() => this.#changed())
  }

  /** Waits until the output matches; ends with an error when the command does. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output)
      if (found !== null) return found
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`The command ended without saying ${pattern}:\n${this.output}`)
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals | null> {
    this.child.kill(signal)
    return this.ended()
  }

  /** Waits for the end; resolves to the exit code, or the signal it died of. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.#closed
    return this.child.exitCode ?? this.child.signalCode
  }
}

/**
 * Nothing of the machine's own settings; `redis-cli` and `curl` beside node on the path. Metrics of workers only where a test asks
 * for them: port 9464 is one for all tests.
 */
function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`
  const { HOME, TMPDIR } = process.env
  return { PATH: path, HOME, TMPDIR, FABRA_WORKER_METRICS_PORT: "off", ...env }
}
