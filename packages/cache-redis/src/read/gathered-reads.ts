import type { Reply, Request } from "../transport/delivery.js"

/** A call that asks for more goes by itself: small ones must not wait for its answers. */
const MAX_REQUESTS = 64

interface Gathering {
  readonly requests: Request[]
  readonly replies: Promise<Reply[]>
}

/**
 * Sends together what is asked for in one turn of the event loop: many requests that are served at once cost one round
 * trip, one packet each way and one watch over the time.
 */
export class GatheredReads {
  readonly #send: (requests: readonly Request[]) => Promise<Reply[]>
  #open: Gathering | undefined

  /** @param send answers each request, in order; may reject */
  constructor(send: (requests: readonly Request[]) => Promise<Reply[]>) {
    this.#send = send
  }

  /** The replies to these requests, in order. Rejects as `send` does. */
  send(requests: readonly Request[]): Promise<Reply[]> {
    if (requests.length > MAX_REQUESTS) return this.#send(requests)
    if (this.#open === undefined || this.#open.requests.length + requests.length > MAX_REQUESTS)
      this.#open = this.#begin()
    const { requests: gathered, replies } = this.#open
    const at = gathered.length
    gathered.push(...requests)
    return replies.then((all) => all.slice(at, at + requests.length))
  }

  #begin(): Gathering {
    const requests: Request[] = []
    // Sockets that are ready are read one after the other, each with its own microtasks: the turn ends after them all.
    const turn = new Promise((resolve) => setImmediate(resolve))
    const gathering: Gathering = {
      requests,
      replies: turn.then(() => {
        if (this.#open === gathering) this.#open = undefined
        return this.#send(requests)
      }),
    }
    return gathering
  }
}
