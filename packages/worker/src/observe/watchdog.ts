import { Worker } from "node:worker_threads"

// A thread of its own has a loop of its own. It is given as text, so that it needs no file beside the bundle.
// It counts its own rounds instead of reading a clock: a process that is stopped as a whole (SIGSTOP, a suspended machine)
// has none meanwhile.
const THREAD = `
const { workerData } = require("node:worker_threads")
const { beats, limitMs, rounds } = workerData
let last = -1, missed = 0
setInterval(() => {
  const beat = Atomics.load(beats, 0)
  missed = beat === last ? missed + 1 : 0
  last = beat
  if (missed < rounds) return
  const message = "The event loop stood still for " + limitMs + " ms: killing this process, so that others take over."
  require("node:fs").writeSync(2, JSON.stringify({ level: "error", message }) + "\\n")
  process.kill(process.pid, "SIGKILL")
}, limitMs / rounds)
`
const ROUNDS = 10

/**
 * Watches the event loop of this thread from another one, and kills the process when it has stood still for `limitMs`
 * milliseconds.
 */
export function startWatchdog(limitMs: number): { stop(): Promise<void> } {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData: { beats, limitMs, rounds: ROUNDS } })
  thread.unref()
  const timer = setInterval(() => Atomics.add(beats, 0, 1), limitMs / ROUNDS / 2)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await thread.terminate()
    },
  }
}
