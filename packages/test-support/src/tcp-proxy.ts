import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/** A connection of a client, and the proxy's own to the server. */
interface Pair {
  readonly near: Socket
  readonly far: Socket
  /** How many more answers may pass before one breaks the connection. */
  answersLeft: number
  /** Dead, and nobody has told the near end. */
  isAbandoned: boolean
}

/** Stands between clients and a local port, and does what networks do. No byte is ever lost but with its connection. */
export class TcpProxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #holds = { requests: false, answers: false }
  #target: number

  private constructor(
    target: number,
    private readonly userInfo: string,
  ) {
    this.#target = target
    this.#server = createServer((near) => {
      const far = connect(this.#target, "127.0.0.1")
      const pair: Pair = { near, far, answersLeft: Number.POSITIVE_INFINITY, isAbandoned: false }
      this.#pairs.add(pair)
      near.on("data", (data) => pair.isAbandoned || far.write(data))
      far.on("data", (data) => (pair.answersLeft-- > 0 ? near.write(data) : this.#end(pair)))
      near.on("error", () => {}).on("close", () => this.#end(pair))
      far.on("error", () => {}).on("close", () => pair.isAbandoned || this.#end(pair))
      this.#apply(pair)
    })
  }

  /** Starts a proxy to a port of this machine, or to that of an address, whose user `url` then has too. */
  static async to(target: number | string): Promise<TcpProxy> {
    const proxy = typeof target === "number" ? new TcpProxy(target, "") : TcpProxy.#like(new URL(target))
    proxy.#server.listen(0, "127.0.0.1")
    await once(proxy.#server, "listening")
    return proxy
  }

  static #like({ port, username, password }: URL): TcpProxy {
    return new TcpProxy(Number(port), username === "" ? "" : `${username}:${password}@`)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Under which Redis is reached through it. */
  get url(): string {
    return `redis://${this.userInfo}127.0.0.1:${this.port}`
  }

  /** From now on new connections lead to another port. */
  leadTo(target: number): void {
    this.#target = target
  }

  /** Holds up what is sent, also on new connections: `requests` to the server, `answers` from it. */
  hold(what: "requests" | "answers" | "both"): void {
    this.#holds = { requests: what !== "answers", answers: what !== "requests" }
    for (const pair of this.#pairs) this.#apply(pair)
  }

  /** Lets everything pass again; what was held up arrives, late. */
  release(): void {
    this.#holds = { requests: false, answers: false }
    for (const pair of this.#pairs) this.#apply(pair)
  }

  /** Resets every connection. New ones can be made. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  /** Lets `answers` more pass on each open connection, and breaks it at the next. New ones can be made. */
  cutAfter(answers: number): void {
    for (const pair of this.#pairs) pair.answersLeft = answers
  }

  /** Half-open from now on: the server has lost every connection, the client is not told. New ones can be made. */
  abandon(): void {
    for (const pair of this.#pairs) {
      pair.isAbandoned = true
      pair.near.resume()
      pair.far.destroy()
    }
  }

  /** Cuts everything for good. */
  close(): void {
    this.#server.close()
    this.cut()
  }

  #apply({ near, far, isAbandoned }: Pair): void {
    if (isAbandoned) return
    if (this.#holds.requests) near.pause()
    else near.resume()
    if (this.#holds.answers) far.pause()
    else far.resume()
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.near.destroy()
    pair.far.destroy()
  }
}
