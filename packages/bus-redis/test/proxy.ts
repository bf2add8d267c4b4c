import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/** A way to a server that can be cut. */
export class TcpProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isHole = false
  #dropReplies = false
  #target: string

  private constructor(url: string) {
    this.#target = url
    this.#server = createServer((near) => {
      const { port, hostname } = new URL(this.#target)
      const far = connect(Number(port), hostname)
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => {
          this.#sockets.delete(socket)
          near.destroy()
          far.destroy()
        })
      }
      near.on("data", (data) => this.#isHole || far.write(data))
      far.on("data", (data) => this.#isHole || (this.#dropReplies ? this.cut() : near.write(data)))
    })
  }

  static async to(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(url)
    proxy.#server.listen(0, "127.0.0.1")
    await once(proxy.#server, "listening")
    return proxy
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** New connections lead to another server. */
  leadTo(url: string): void {
    this.#target = url
  }

  /** Resets every connection; new ones can be made. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** From now on requests pass, but the first reply cuts the connection instead of arriving. */
  dropNextReply(): void {
    this.#dropReplies = true
    this.#server.once("connection", () => {
      this.#dropReplies = false
    })
  }

  /** Connections stay open, but nothing passes. */
  set isHole(isHole: boolean) {
    this.#isHole = isHole
  }

  /** Cuts everything for good. */
  close(): void {
    this.#server.close()
    this.cut()
  }
}
