import { Script } from "@fabra/redis-transport"
import type { Redis } from "ioredis"

const BARRIER_LIFE_MS = 60_000

/** Writes the barrier. What needs no memory goes first: Redis lets a script go on that has begun to write, also when it is full. */
const barrierScript = new Script<unknown>(`
redis.call('DEL', KEYS[1])
return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
`)

/**
 * How many replicas have, within `timeoutMs`, all that this server had when the call was sent. Redis counts only what
 * the *same connection* wrote, hence the tiny write: it stands behind everything in the replication stream. Both go out in one breath,
 * because a new connection has written nothing and would be told at once that all is well.
 */
export async function waitForReplica(redis: Redis, barrier: string, timeoutMs: number): Promise<number> {
  const written = barrierScript.runText(redis, [barrier], [BARRIER_LIFE_MS])
  const replicas = redis.wait(1, Math.max(1, Math.floor(timeoutMs)))
  const [, count] = await Promise.all([written, replicas])
  return count
}
