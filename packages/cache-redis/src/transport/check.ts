import type { Deadline } from "./deadline.js"
import { infoField } from "./info.js"
import type { RedisNode } from "./node.js"
import type { Topology } from "./topology.js"

/** What in the servers' settings endangers what the cache keeps, in sentences for people. */
export async function checkServers(topology: Topology, deadline: Deadline): Promise<string[]> {
  await topology.refresh(deadline)
  const found = await Promise.all(topology.masters().map((node) => checkServer(node, deadline)))
  return found.flat()
}

async function checkServer(node: RedisNode, deadline: Deadline): Promise<string[]> {
  const sections = ["memory", "persistence"].map((section) => ({ name: "INFO", args: [section] }))
  const { replies } = await node.run(sections, deadline)
  for (const [error] of replies) if (error !== null) throw error
  const info = replies.map(([, text]) => String(text)).join("\n")
  const { path, host, port } = node.redis.options
  const server = `Redis at ${path ?? `${host}:${port}`}`
  // In the words of RedisEventBus: a worker whose bus is on the same server says each once.
  const warnings: string[] = []
  const policy = infoField(info, "maxmemory_policy")
  if (policy !== undefined && policy !== "noeviction") {
    warnings.push(`${server} drops keys when its memory is full (maxmemory-policy ${policy}): use noeviction.`)
  }
  if (infoField(info, "aof_enabled") === "0") {
    warnings.push(`${server} keeps no append-only file: a crash loses all since its last snapshot. Use appendonly yes.`)
  }
  return warnings
}
