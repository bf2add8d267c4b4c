import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"

/** A Redis of one measurement's own. */
export interface OwnRedis {
  readonly url: string
  readonly pid: number
  /** Microseconds of CPU it has used, as the system counts them. */
  cpuUs(): Promise<number>
  stop(): Promise<void>
}

/** Starts an empty Redis, without persistence unless `args` say otherwise. */
export async function startRedis(args: readonly string[] = []): Promise<OwnRedis> {
  delete process.env.FABRA_TEST_REDIS_URL // a server that others use cannot be measured
  const server: RedisTestServer = await startRedisServer({ args })
  const redis = new Redis(server.adminUrl)
  const field = async (section: string, name: string) =>
    Number(new RegExp(`^${name}:(.*)$`, "m").exec(await redis.info(section))?.[1])
  return {
    url: server.adminUrl, // the others need what Fabra does not
    pid: await field("server", "process_id"),
    cpuUs: async () => 1e6 * ((await field("cpu", "used_cpu_user")) + (await field("cpu", "used_cpu_sys"))),
    async stop() {
      redis.disconnect()
      await server.stop()
    },
  }
}
