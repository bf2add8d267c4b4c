import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { FabraError } from "@fabra/events"
import { lockSync } from "proper-lockfile"

/** A lock so old belonged to a process that died with it: what is done under it takes milliseconds. The library's least. */
const STALE_MS = 2_000
const GIVE_UP_MS = 30_000

/**
 * Runs `work` while no other process runs anything of the same directory. `work` is synchronous, so that nothing else of
 * this process, however long it takes, can come between taking the lock and letting go of it.
 * @throws FabraError `bus_unavailable`: not run at all, or run so slowly that others may have taken the lock meanwhile
 */
export async function locked<T>(directory: string, work: () => T, signal?: AbortSignal): Promise<T> {
  const release = await acquire(directory, signal)
  const start = performance.now()
  try {
    const result = work()
    if (performance.now() - start < STALE_MS) return result
    throw new FabraError("bus_unavailable", "This process was stopped while it held the lock.")
  } finally {
    release()
  }
}

async function acquire(directory: string, signal: AbortSignal | undefined): Promise<() => void> {
  const start = performance.now()
  for (;;) {
    // Also without a wait, others have their turn: timers of this process, and other processes that want the lock.
    await wait(0)
    signal?.throwIfAborted()
    try {
      return lockSync(directory, { lockfilePath: join(directory, "lock"), stale: STALE_MS, realpath: false })
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "ELOCKED"
      if (!isTaken || performance.now() - start > GIVE_UP_MS) throw FabraError.from(error, "bus_unavailable")
      // Chance keeps two from asking at the same moments again and again.
      await wait(1 + Math.random() * 9)
    }
  }
}
