import type { Cluster, Redis } from "ioredis"
import type { Deadline } from "./deadline.js"
import { Closed, NotConnected } from "./errors.js"

/** A client of our own, which this opens, drops and closes; or one passed in, which stays as its owner wants it. */
export class Connection<Client extends Redis | Cluster> {
  readonly client: Client
  readonly isOwn: boolean
  /** Settles when the client has connected, or has given up; common to all that wait for it. */
  #opening: Promise<void> | undefined
  #lastError: Error | undefined
  /** Why this socket may not be used, though the driver may call it ready. What the driver says of it after that is no reason. */
  #refused: { readonly error: Error; readonly stream: unknown } | undefined
  #isClosed = false

  constructor(client: Client, isOwn: boolean) {
    this.client = client
    this.isOwn = isOwn
    // Without a listener ioredis prints. The caller of a command is told why there is no connection.
    if (isOwn) {
      client.on("error", (error: Error & { readonly command?: { readonly name: string } }) => {
        this.#lastError = error
        // ioredis would go on in database 0, whose keys may be another's.
        if (error.command?.name !== "select" || client.isCluster) return
        const { stream } = client as Redis
        this.#refused = { error, stream }
        stream?.destroy()
      })
    }
  }

  /** Waits until the client can send. @throws NotConnected, Closed */
  async ready(deadline: Deadline): Promise<void> {
    const client: Redis | Cluster = this.client
    const is = (status: string) => client.status === status
    if (this.#isClosed) throw new Closed()
    if (this.#isReady()) return
    // After the first attempt it connects again by itself.
    if (is("wait") || (this.isOwn && is("end"))) client.connect().catch(() => {})
    if (is("end")) throw new NotConnected("the client is closed")
    this.#opening ??= this.#untilOpen()
    await deadline.race(this.#opening).catch(() => {})
    if (this.#isClosed) throw new Closed()
    if (this.#isReady()) return
    const cause = this.#refused?.error ?? this.#lastError
    throw new NotConnected(cause?.message ?? `no connection within ${deadline.ms} ms`, { cause })
  }

  /** Closes a client of our own. Commands in flight fail. */
  close(): void {
    if (!this.isOwn || this.#isClosed) return
    this.#isClosed = true
    this.client.disconnect()
  }

  #isReady(): boolean {
    const client: Redis | Cluster = this.client
    if (client.status !== "ready") return false
    if (this.#refused === undefined) return true
    if (this.#refused.stream === (client as Redis).stream) return false
    this.#refused = undefined
    return true
  }

  #untilOpen(): Promise<void> {
    const client: Redis | Cluster = this.client
    return new Promise((resolve) => {
      const done = () => {
        client.off("ready", done)
        client.off("end", done)
        this.#opening = undefined
        resolve()
      }
      client.on("ready", done)
      client.on("end", done)
    })
  }
}
