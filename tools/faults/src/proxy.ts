import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

interface Pair {
  readonly near: Socket
  readonly far: Socket
  /** Dead, and nobody has told the near end. */
  isAbandoned: boolean
}

/** A way to a local port, to which one can do what networks do. No byte is ever lost but with its connection. */
export class TcpProxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #holds = { requests: false, answers: false }

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const pair: Pair = { near, far: connect(port, "127.0.0.1"), isAbandoned: false }
      const { far } = pair
      this.#pairs.add(pair)
      near.on("data", (data) => pair.isAbandoned || far.write(data))
      far.on("data", (data) => near.write(data))
      near.on("error", () => {}).on("close", () => this.#end(pair))
      far.on("error", () => {}).on("close", () => pair.isAbandoned || this.#end(pair))
      this.#apply(pair)
    })
  }

  static async to(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port)
    proxy.#server.listen(0, "127.0.0.1")
    await once(proxy.#server, "listening")
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
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

  /** Half-open from now on: the server has lost every connection, the client is not told. New ones can be made. */
  abandon(): void {
    for (const pair of this.#pairs) {
      pair.isAbandoned = true
      pair.near.resume()
      pair.far.destroy()
    }
  }

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
