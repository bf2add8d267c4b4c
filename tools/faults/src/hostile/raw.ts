import { connect, type Socket } from "node:net"
import { setTimeout as delay } from "node:timers/promises"

/** Where hostile requests go, and what became of them: how many answers had each status, `-` those that had none. */
export class Raw {
  readonly answers = new Map<string, number>()
  readonly #open = new Set<Socket>()

  constructor(
    private readonly port: number,
    private readonly key: string,
  ) {}

  /** The text of a request. A body sets its length, unless the head says otherwise. */
  text(
    line: string,
    { headers = [], body }: { readonly headers?: readonly string[]; readonly body?: string } = {},
  ): string {
    const all = ["host: 127.0.0.1", `x-api-key: ${this.key}`, ...headers]
    if (body !== undefined) all.push(`content-length: ${Buffer.byteLength(body)}`)
    return `${line} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${body ?? ""}`
  }

  /** A connection of which nobody reads the answer. It stays until {@link close}. */
  mute(text: string): Socket {
    const socket = this.#connect()
    socket.pause()
    socket.write(text)
    return socket
  }

  /** Sends on a connection of its own, and reads until it is answered or closed. */
  async once(text: string | AsyncIterable<string>, { breaksOff = false } = {}): Promise<void> {
    const socket = this.#connect()
    const answered = new Promise<string>((resolve) => {
      socket.once("data", (data) => resolve(statusOf(data)))
      socket.once("close", () => resolve("-"))
    })
    if (typeof text === "string") socket.write(text)
    else {
      for await (const part of text) {
        if (socket.destroyed || !socket.writable) break
        socket.write(part)
      }
    }
    if (breaksOff) socket.destroySoon()
    this.count(await answered)
    socket.destroy()
  }

  /** Sends the same request many times over a few connections, several at once on each, at most so many a second. */
  async flood(text: string, count: number, perSecond: number): Promise<void> {
    const CONNECTIONS = 4
    const BURST = Math.max(1, Math.round(perSecond / CONNECTIONS / 20))
    const share = Math.ceil(count / CONNECTIONS)
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (let left = share; left > 0; ) {
          const socket = this.#connect()
          left -= await this.#burst(socket, text, left, BURST)
          socket.destroy()
        }
      }),
    )
  }

  /** Sends bursts twenty times a second until the connection is closed. @returns how many requests were sent */
  async #burst(socket: Socket, text: string, count: number, size: number): Promise<number> {
    let rest = ""
    let answered = 0
    socket.on("data", (data) => {
      rest += data.toString("latin1")
      const heads = [...rest.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
      for (const [, status = ""] of heads) this.count(status)
      answered += heads.length
      rest = rest.slice(-12).replace(/HTTP\/1\.1 \d{3} /, "")
    })
    let sent = 0
    while (sent < count && !socket.destroyed && socket.writable) {
      const now = Math.min(size, count - sent)
      socket.write(text.repeat(now))
      sent += now
      await delay(50)
    }
    for (let i = 0; i < 100 && answered < sent && !socket.destroyed; i++) await delay(50)
    for (let i = answered; i < sent; i++) this.count("-")
    return Math.max(1, sent)
  }

  count(status: string): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1)
  }

  /** Drops every connection. */
  close(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #connect(): Socket {
    const socket = connect(this.port, "127.0.0.1")
    this.#open.add(socket)
    return socket.on("error", () => {}).on("close", () => this.#open.delete(socket))
  }
}

function statusOf(data: Buffer): string {
  return /^HTTP\/1\.1 (\d{3}) /.exec(data.toString("latin1"))?.[1] ?? "-"
}
