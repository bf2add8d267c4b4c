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
