import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { Redis } from "ioredis"
import type { Contender } from "../contender.js"
import { fabraOnRedis } from "./fabra.js"

const BATCH = 500
const PONG = Buffer.from("+PONG\r\n")
/** With as many events as others have, their turns were over before what they leave behind is collected. */
const SHARE = 4

/** Reads the very streams that Fabra's worker reads, as many events at a time, and does nothing with them. */
export const ioredisDrain: Contender = {
  name: "ioredis_drain",
  share: SHARE,
  title: "limit: ioredis reads, nothing is done",
  producer: fabraOnRedis("", "").producer,
  async worker({ url }, onApplied) {
    const redis = new Redis(url)
    let cursors: Map<string, string> | undefined
    return {
      async drain(events) {
        cursors ??= await streamsOf(redis)
        const count = Math.ceil(BATCH / cursors.size)
        for (let left = events; left > 0; ) {
          const reply = (await redis.xread(
            ...(["COUNT", count, "STREAMS", ...cursors.keys(), ...cursors.values()] as unknown as ["STREAMS", string]),
          )) as [string, [string, string[]][]][]
          for (const [stream, entries] of reply) {
            cursors.set(stream, (entries.at(-1) as [string, string[]])[0])
            left -= entries.length
            for (let i = 0; i < entries.length; i++) onApplied()
          }
        }
      },
    }
  },
}

/**
 * Streams one after the other over a bare socket. Replies are not parsed: a PONG tells where one ends, a search from there
 * back finds the last id. No client can be faster.
 */
export const socketDrain: Contender = {
  name: "socket_drain",
  share: SHARE,
  isExtra: true,
  title: "limit: bare socket, replies not parsed",
  producer: fabraOnRedis("", "").producer,
  async worker({ url }, onApplied) {
    const redis = new Redis(url)
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, "connect")
    let cursors: Map<string, string> | undefined
    const drained = new Map<string, number>()
    return {
      async drain() {
        cursors ??= await streamsOf(redis)
        for (const [stream, cursor] of cursors) {
          const length = await redis.xlen(stream)
          cursors.set(stream, await drainStream(socket, stream, cursor, length - (drained.get(stream) ?? 0), onApplied))
          drained.set(stream, length)
        }
      },
    }
  },
}

async function streamsOf(redis: Redis): Promise<Map<string, string>> {
  const streams = new Map<string, string>()
  for await (const keys of redis.scanStream({ match: "fabra:events:*", count: 1000 })) {
    for (const key of keys as string[]) streams.set(key, "0-0")
  }
  return streams
}

/** Returns where it ended. */
async function drainStream(
  socket: Socket,
  stream: string,
  from: string,
  length: number,
  onApplied: () => void,
): Promise<string> {
  let cursor = from
  for (let left = length; left > 0; left -= BATCH) {
    socket.write(`XREAD COUNT ${BATCH} STREAMS ${stream} ${cursor}\r\nPING\r\n`)
    const reply = await replyOf(socket)
    // … $15 1767225600000-0 *2 $4 data $150 {"event_id": …
    const end = reply.lastIndexOf("\r\n*2\r\n$4\r\ndata\r\n")
    cursor = reply.toString("latin1", reply.lastIndexOf("\r\n", end - 1) + 2, end)
    for (let i = 0; i < Math.min(BATCH, left); i++) onApplied()
  }
  return cursor
}

function replyOf(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const onData = (chunk: Buffer) => {
      chunks.push(chunk)
      if (!chunk.subarray(-7).equals(PONG)) return
      socket.off("data", onData)
      resolve(Buffer.concat(chunks))
    }
    socket.on("data", onData)
  })
}
