import type { Epoch } from "@fabra/core/adapter"
import {
  Closed,
  type Command,
  type Deadline,
  isPassing,
  isReply,
  outcomeOf,
  type RedisServer,
  refusalOf,
  type Servers,
  withText,
} from "@fabra/redis-transport"

/** A command, and the key that tells which server is to run it. */
export interface Request extends Command {
  readonly key: string
}

/** The outcome of one request. */
export type Reply =
  | { readonly ok: true; readonly value: unknown; readonly epoch: Epoch }
  | { readonly ok: false; readonly error: Error }

/** A request on its way. */
interface Parcel {
  readonly request: Request
  readonly index: number
  /** The server did not have its script, so it is sent as text. */
  isText: boolean
  /** Address of the server to ask this once instead of the key's own, because the key is moving there. */
  ask: string | undefined
}

/** The wish to be served by a server that does not own the key yet. */
const ASKING: Command = { name: "ASKING", args: [] }
const LONGEST_PAUSE_MS = 200

/** Brings the requests of one call to the servers that have their keys, and sends again those that were not run. */
export class Delivery {
  readonly #servers: Servers
  readonly #deadline: Deadline
  readonly #repeatable: boolean
  readonly #replies: Reply[]
  #open: Parcel[]
  #astray = false
  #pause = false

  /** @param repeatable the requests may be run twice, so that one whose answer was lost is sent again */
  constructor(servers: Servers, requests: readonly Request[], deadline: Deadline, repeatable: boolean) {
    this.#servers = servers
    this.#deadline = deadline
    this.#repeatable = repeatable
    this.#replies = new Array(requests.length)
    this.#open = requests.map((request, index) => ({ request, index, isText: false, ask: undefined }))
  }

  /** Answers each request, in order, before the deadline or a little later. Never rejects. */
  async run(): Promise<Reply[]> {
    for (let attempt = 0; ; attempt++) {
      const parcels = this.#open
      this.#open = []
      this.#astray = false
      this.#pause = attempt > 0
      await Promise.all(this.#route(parcels).map(([server, group]) => this.#sendTo(server, group)))
      if (this.#astray) await this.#servers.refresh(this.#deadline)
      if (this.#open.length === 0 || this.#deadline.left === 0) return this.#replies
      if (this.#pause) await this.#deadline.pause(Math.min(10 * 2 ** attempt, LONGEST_PAUSE_MS))
    }
  }

  #route(parcels: readonly Parcel[]): [RedisServer, Parcel[]][] {
    const locate = this.#servers.locator()
    const groups = new Map<RedisServer, Parcel[]>()
    for (const parcel of parcels) {
      const server = parcel.ask === undefined ? locate(parcel.request.key) : this.#servers.at(parcel.ask)
      if (server === undefined) {
        this.#again(parcel, new Error("no server of the cluster is known to have the key"))
        parcel.ask = undefined
        this.#astray = true
        this.#pause = true
        continue
      }
      const group = groups.get(server)
      if (group === undefined) groups.set(server, [parcel])
      else group.push(parcel)
    }
    return [...groups]
  }

  async #sendTo(server: RedisServer, parcels: readonly Parcel[]): Promise<void> {
    const { epoch, results } = await server.run(commandsOf(parcels), this.#deadline)
    let at = 0
    for (const parcel of parcels) {
      if (parcel.ask !== undefined) at++
      const [error, value] = results[at++] ?? [new Error("Redis gave no answer")]
      if (error === null) this.#replies[parcel.index] = { ok: true, value, epoch }
      else this.#failed(parcel, error, server)
    }
  }

  #failed(parcel: Parcel, error: Error, server: RedisServer): void {
    const word = refusalOf(error)
    const outcome = outcomeOf(error)
    if (word === "READONLY") server.drop()
    if (word === "NOSCRIPT") parcel.isText = true
    parcel.ask = word === "ASK" ? error.message.split(" ")[2] : undefined
    if (word === "MOVED" || outcome !== "refused") this.#astray = true
    if (!["NOSCRIPT", "ASK", "MOVED"].includes(word)) this.#pause = true
    if (outcome === "unknown" ? this.#repeatable : !isFinal(error)) this.#again(parcel, error)
    else this.#replies[parcel.index] = { ok: false, error }
  }

  #again(parcel: Parcel, error: Error): void {
    // Of what went wrong before the time was up, the reason tells more than that it was up.
    if (this.#deadline.left > 0) this.#replies[parcel.index] = { ok: false, error }
    else this.#replies[parcel.index] ??= { ok: false, error }
    this.#open.push(parcel)
  }
}

function commandsOf(parcels: readonly Parcel[]): Command[] {
  return parcels.flatMap(({ request, isText, ask }) => {
    const command = isText ? withText(request) : request
    return ask === undefined ? command : [ASKING, command]
  })
}

/** The same command would fail again. */
function isFinal(error: Error): boolean {
  if (outcomeOf(error) === "refused") return !isPassing(error) && !isReply(error, "NOSCRIPT")
  return error instanceof Closed
}
