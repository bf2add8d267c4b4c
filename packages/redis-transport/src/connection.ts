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
  #isClosed = false

  constructor(client: Client, isOwn: boolean) {
    this.client = client
    this.isOwn = isOwn
    // Without a listener ioredis prints. The caller of a command is told why there is no connection.
    if (isOwn) {
      client.on("error", (error: Error) => {
        this.#lastError = error
      })
    }
  }

  /** Waits until the client can send. @throws NotConnected, Closed */
  async ready(deadline: Deadline): Promise<void> {
    const client: Redis | Cluster = this.client
    const is = (status: string) => client.status === status
    if (this.#isClosed) throw new Closed()
    if (is("ready")) return
    // After the first attempt it connects again by itself.
    if (is("wait") || (this.isOwn && is("end"))) client.connect().catch(() => {})
    if (is("end")) throw new NotConnected("the client is closed")
    this.#opening ??= this.#untilOpen()
    await deadline.race(this.#opening).catch(() => {})
    if (this.#isClosed) throw new Closed()
    if (is("ready")) return
    const message = this.#lastError?.message ?? `no connection within ${deadline.ms} ms`
    throw new NotConnected(message, { cause: this.#lastError })
  }

  /** Closes a client of our own. Commands in flight fail. */
  close(): void {
    if (!this.isOwn || this.#isClosed) return
    this.#isClosed = true
    this.client.disconnect()
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
