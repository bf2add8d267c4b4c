import { Redis } from "ioredis"

const OWNER = "online-retail"

/** Notes that the namespace is this example's; throws if it is somebody else's, since we are going to remove it. */
export async function claimNamespace(url: string, namespace: string): Promise<void> {
  await withRedis(url, async (redis) => {
    const [owner, inUse] = await Promise.all([redis.get(`${namespace}:owner`), redis.exists(`${namespace}:meta`)])
    if (owner !== OWNER && inUse) throw new Error(`The namespace "${namespace}" is in use; choose another.`)
    await redis.set(`${namespace}:owner`, OWNER)
  })
}

/** Removes every key of the namespace; the second pattern is of those whose hash tag begins with it. */
export async function removeNamespace(url: string, namespace: string): Promise<void> {
  await withRedis(url, async (redis) => {
    for (const match of [`${namespace}:*`, `{${namespace}:*`]) {
      for await (const keys of redis.scanStream({ match, count: 1000 })) if (keys.length > 0) await redis.unlink(keys)
    }
  })
}

async function withRedis(url: string, work: (redis: Redis) => Promise<void>): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  let failure: Error | undefined
  redis.on("error", (error) => {
    failure = error
  })
  try {
    await redis.connect()
    await work(redis)
  } catch (error) {
    throw failure ?? error
  } finally {
    redis.disconnect()
  }
}
