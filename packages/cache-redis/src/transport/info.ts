import type { Epoch } from "@fabra/core"

/** What a Redis process says of itself. */
export interface NodeInfo {
  readonly epoch: Epoch
  readonly master: boolean
  /**
   * False while it is cut off from the majority of its cluster: it still calls itself master, and another one may have
   * taken its place. Always true for a single server.
   */
  readonly connected: boolean
}

/**
 * Reads the replies to INFO server, INFO replication and, in a cluster, CLUSTER INFO. The epoch is the process
 * (`run_id`, new with every start) and the history of its data (`master_replid`, new with every fail-over).
 */
export function parseInfo([server = "", replication = "", cluster]: readonly string[]): NodeInfo {
  const runId = infoField(server, "run_id")
  const history = infoField(replication, "master_replid")
  if (runId === undefined || history === undefined) throw new Error("INFO tells no run_id or master_replid")
  return {
    epoch: `${runId}/${history}`,
    master: infoField(replication, "role") === "master",
    connected: cluster === undefined || infoField(cluster, "cluster_state") === "ok",
  }
}

/** The value of one line of a reply to INFO. */
export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1]
}
