import type { Epoch } from "@fabra/core/adapter"
import { Closed, type Deadline, type Servers } from "@fabra/redis-transport"

/**
 * Asks the masters whether every epoch given is still one of theirs. False when one is gone: its process ended, or
 * it is a master no more. Rejects when that cannot be told, because one that may have it does not answer.
 */
export async function stillCurrent(servers: Servers, epochs: readonly Epoch[], deadline: Deadline): Promise<boolean> {
  let reason: Error | undefined
  for (let attempt = 0; ; attempt++) {
    const { current, silent } = await askAll(servers, deadline)
    // Of what went wrong before the time was up, the reason tells more than that it was up.
    if (deadline.left > 0) reason = silent
    if (epochs.every((epoch) => current.has(epoch))) return true
    // The list of masters may be old, and a connection may have been closed since it was last used: look once more.
    if (attempt > 0 && silent === undefined) return false
    if (silent !== undefined && deadline.left === 0) throw reason ?? silent
    await servers.refresh(deadline)
    if (attempt > 0) await deadline.pause(Math.min(10 * 2 ** attempt, 200))
  }
}

async function askAll(servers: Servers, deadline: Deadline): Promise<{ current: Set<Epoch>; silent?: Error }> {
  const current = new Set<Epoch>()
  const silent: Error[] = []
  const masters = servers.masters()
  if (masters.length === 0) silent.push(new Error("no master of the cluster is known"))
  await Promise.all(
    masters.map(async (server) => {
      try {
        const { epoch, isMaster, isConnected } = await server.identify(deadline)
        if (!isConnected) silent.push(new Error("a master is cut off from its cluster"))
        else if (isMaster) current.add(epoch)
      } catch (error) {
        if (error instanceof Closed) throw error
        silent.push(error as Error)
      }
    }),
  )
  return silent[0] === undefined ? { current } : { current, silent: silent[0] }
}
