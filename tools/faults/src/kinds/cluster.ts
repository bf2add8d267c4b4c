import { setTimeout as delay } from "node:timers/promises"
import type { RedisTestServer } from "@fabra/testing"
import type { Fault, Stage } from "../fault.js"
import { until } from "../until.js"

const MASTERS = 3
const LIMIT_MS = 60_000
const WAYS = ["killed", "frozen", "killed while its replica was behind"] as const

/**
 * A master of a cluster goes, its replica takes over, and the old one comes back as a replica. By turns it is killed; it is
 * frozen, so that it comes back believing that it is master and answers what had piled up; or it is killed when its
 * replica lacks what it had confirmed last.
 */
export const failOver: Fault = {
  place: "cluster",
  rollbackMs: 5_000,
  async run(stage) {
    const { place, random, seed } = stage
    const way = WAYS[seed % WAYS.length] as (typeof WAYS)[number]
    await delay(random.int(500, 1_500))
    const victim = await masterWithout(stage.watched, stage)
    const replica = place.servers[place.servers.indexOf(victim) + MASTERS] as RedisTestServer
    if (way === "killed while its replica was behind") {
      await shutOut(stage, victim)
      await delay(random.int(200, 900))
    }
    await victim.kill(way === "frozen" ? "SIGSTOP" : "SIGKILL")
    await need("a replica takes over", async () => (await roleOf(stage, replica)) === "master")
    await delay(random.int(200, 1_000))
    if (way === "frozen") await victim.kill("SIGCONT")
    else await victim.restart()
    await need("the old master follows it", async () =>
      /master_link_status:up/.test(await place.client(victim).info("replication")),
    )
    return `master ${place.servers.indexOf(victim) + 1} ${way}`
  },
}

/** A master on which nothing lies that has to do with an entity. */
async function masterWithout(entityId: string, { place, namespace, random }: Stage): Promise<RedisTestServer> {
  const candidates: RedisTestServer[] = []
  for (const server of await place.masters()) {
    const keys = await place.client(server).keys(`${namespace}:*${entityId}*`)
    if (keys.length === 0) candidates.push(server)
  }
  return random.pick(candidates)
}

/** Cuts a master's replicas off and lets them in no more; for everybody else nothing changes. */
async function shutOut({ place }: Stage, master: RedisTestServer): Promise<void> {
  const client = place.client(master)
  await client.call("ACL", "SETUSER", "default", "-psync", "-sync")
  await client.call("CLIENT", "KILL", "TYPE", "replica")
}

async function roleOf({ place }: Stage, server: RedisTestServer): Promise<string | undefined> {
  return /role:(\w+)/.exec(await place.client(server).info("replication"))?.[1]
}

async function need(what: string, holds: () => Promise<boolean>): Promise<void> {
  if (!(await until(holds, LIMIT_MS))) throw new Error(`It does not come about that ${what}.`)
}
