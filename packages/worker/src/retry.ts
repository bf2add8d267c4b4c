import { sleep } from "@fabra/events/adapter"
import type { WorkerContext } from "./context.js"
import type { Settings } from "./settings.js"

/**
 * Milliseconds to wait after `attempts` failed ones: exponential with full jitter, so that what failed together does not
 * come back together. Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelay(
  { clock, retryBaseMs, retryMaxMs }: Pick<Settings, "clock" | "retryBaseMs" | "retryMaxMs">,
  attempts: number,
): number {
  return clock.random() * Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(attempts - 1, 30))
}

/** What {@link untilAnswered} calls. */
interface Asked {
  readonly target: "bus" | "cache" | "dead-letter queue"
  /** Ends the attempts. */
  readonly signal: AbortSignal
  /** Whether an error is worth another attempt. Default: each is. */
  isOutage?(error: unknown): boolean
}

/**
 * Makes a call again and again until it succeeds.
 * @returns `undefined` when the signal has fired before @throws what is no outage
 */
export async function untilAnswered<Answer>(
  { settings, observer }: Pick<WorkerContext, "settings" | "observer">,
  { target, signal, isOutage }: Asked,
  call: () => Promise<Answer>,
): Promise<Answer | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (isOutage?.(error) === false) throw error
      observer.outage(`The ${target} does not answer; trying again.`, error)
      await sleep(settings.clock, retryDelay(settings, attempt), signal)
    }
  }
  return undefined
}
