import type { Epoch } from "@fabra/core"
import { FabraError } from "@fabra/events"
import type { Deadline } from "./deadline.js"
import type { Topology } from "./topology.js"

/**
 * Asks the masters whether every epoch given is still one of theirs. False when one is gone: its process ended, or
 * it is a master no more. Rejects when that cannot be told, because one that may have it does not answer.
 */
export async function stillCurrent(topology: Topology, epochs: readonly Epoch[], deadline: Deadline): Promise<boolean> {
  let reason: Error | undefined
  for (let attempt = 0; ; attempt++) {
    const { current, silent } = await askAll(topology, deadline)
    // Of what went wrong before the time was up, the reason tells more than that it was up.
    if (deadline.left > 0) reason = silent
    if (epochs.every((epoch) => current.has(epoch))) return true
    // The list of masters may be old, and a connection may have been closed since it was last used: look once more.
    if (attempt > 0 && silent === undefined) return false
    if (silent !== undefined && deadline.left === 0) throw reason ?? silent
    await topology.refresh(deadline)
    if (attempt > 0) await deadline.pause(Math.min(10 * 2 ** attempt, 200))
  }
}

async function askAll(topology: Topology, deadline: Deadline): Promise<{ current: Set<Epoch>; silent?: Error }> {
  const current = new Set<Epoch>()
  const silent: Error[] = []
  const masters = topology.masters()
  if (masters.length === 0) silent.push(new Error("no master of the cluster is known"))
  await Promise.all(
    masters.map(async (node) => {
      try {
        const info = await node.ask(deadline)
        if (!info.connected) silent.push(new Error("a master is cut off from its cluster"))
        else if (info.master) current.add(info.epoch)
      } catch (error) {
        if (error instanceof FabraError) throw error
        silent.push(error as Error)
      }
    }),
  )
  return silent[0] === undefined ? { current } : { current, silent: silent[0] }
}
