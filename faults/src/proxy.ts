import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

interface Pair {
  readonly near: Socket
  readonly far: Socket
  /** Dead, and nobody has told the near end. */
  isAbandoned: boolean
}

/** A way to a local port, to which one can do what networks do. */
export class TcpProxy {
  /** What passes: `requests` to the server, `answers` from it. */
  passes = { requests: true, answers: true }
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const pair: Pair = { near, far: connect(port, "127.0.0.1"), isAbandoned: false }
      const { far } = pair
      this.#pairs.add(pair)
      near.on("data", (data) => this.passes.requests && !pair.isAbandoned && far.write(data))
      far.on("data", (data) => this.passes.answers && !pair.isAbandoned && near.write(data))
      near.on("error", () => {}).on("close", () => this.#end(pair))
      far.on("error", () => {}).on("close", () => pair.isAbandoned || this.#end(pair))
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
      pair.far.destroy()
    }
  }

  close(): void {
    this.#server.close()
    this.cut()
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.near.destroy()
    pair.far.destroy()
  }
}
