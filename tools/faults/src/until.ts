import { setTimeout as delay } from "node:timers/promises"

const POLL_MS = 20

/** Waits until it holds, `limitMs` at most. Whether it does; a failure to find out is a no. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
  pollMs = POLL_MS,
): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < limitMs; await delay(pollMs)) {
    try {
      if (await holds()) return true
    } catch {}
  }
  return false
}

/** Waits for what must come to an end. Rejects when it does not. */
export async function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const enough = new AbortController()
  const tooLate = delay(limitMs, undefined, { signal: enough.signal }).then(() => {
    throw new Error(`It does not come about within ${limitMs} ms that ${what}.`)
  })
  try {
    return await Promise.race([work, tooLate])
  } finally {
    enough.abort()
    tooLate.catch(() => {})
  }
}
