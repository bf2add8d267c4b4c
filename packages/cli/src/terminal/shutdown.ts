import { exitCodes } from "./exit-codes.js"
import { say } from "./output.js"

/**
 * Fires at the first Ctrl-C or SIGTERM: time to finish what was begun. A second one ends the process at once, after
 * `onQuit`.
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
  return stop.signal
}

/** Resolves when the signal fires. */
export function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
}
