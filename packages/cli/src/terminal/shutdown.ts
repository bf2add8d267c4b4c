import { exitCodes } from "./exit-codes.js"
import { say } from "./output.js"

/** How often it is looked whether the parent is still there. */
const LOOK_EVERY_MS = 250

/**
 * Fires at the first Ctrl-C or SIGTERM, and when the `npm` or `npx` that runs this has ended: time to finish what was begun. A second
 * signal ends the process at once, after `onQuit`.
 */
export function stopSignal(onQuit: () => void = () => {}): AbortSignal {
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals) => {
    if (!stop.signal.aborted) {
      if (signal === "SIGINT" && process.stderr.isTTY) say("\nFinishing what was begun; Ctrl-C again quits at once.")
      stop.abort()
      return
    }
    onQuit()
    process.exit(exitCodes.quit.code)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  if (process.env.npm_command !== undefined) whenOrphaned(() => stop.abort())
  return stop.signal
}

/** npm passes no signal on through the shell between: what it runs gets another parent instead. */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** Resolves when the signal fires. */
export function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
}
