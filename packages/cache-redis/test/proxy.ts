import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** Stands between a client and Redis, and does to their connections what networks do. */
export interface TestProxy {
  readonly url: string
  /** Lets so many answers of the open connections through, and breaks them at the next. */
  cutAfter(answers: number): void
  /** Lets nothing more of the open connections through, without anybody being told. */
  swallow(): void
  stop(): Promise<void>
}

/** Starts a proxy to a local port. */
export async function startProxy(port: number): Promise<TestProxy> {
  const pairs = new Set<{ client: Socket; redis: Socket; answers: number }>()
  const server = createServer((client) => {
    const redis = connect(port, "127.0.0.1")
    const pair = { client, redis, answers: Number.POSITIVE_INFINITY }
    pairs.add(pair)
    client.on("data", (data) => redis.write(data))
    redis.on("data", (data) => {
      if (pair.answers-- > 0) client.write(data)
      else client.destroy()
    })
    for (const socket of [client, redis]) {
      socket.on("error", () => {})
      socket.on("close", () => {
        pairs.delete(pair)
        client.destroy()
        redis.destroy()
      })
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAfter: (answers) => {
      for (const pair of pairs) pair.answers = answers
    },
    swallow: () => {
      for (const { client } of pairs) client.removeAllListeners("data").resume()
    },
    stop: async () => {
      for (const { client } of pairs) client.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
