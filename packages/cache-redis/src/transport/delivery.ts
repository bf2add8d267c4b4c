import type { Epoch } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { APPLY } from "../commit/script.js"
import type { Deadline } from "./deadline.js"
import { fateOf, isReadOnly } from "./errors.js"
import type { Command, RedisNode, Replies } from "./node.js"
import type { Topology } from "./topology.js"

/** A command, and the key that tells which node is to run it. */
export interface Request extends Command {
  readonly key: string
}

/** What became of one request. */
export type Reply =
  | { readonly ok: true; readonly value: unknown; readonly epoch: Epoch }
  | { readonly ok: false; readonly error: Error }

/** A request on its way. */
interface Parcel {
  readonly request: Request
  readonly index: number
  /** To be sent right before it: the script it needs, the wish to be served by a node that does not own the key yet. */
  before: readonly Command[]
  /** Address of the node to try instead of the key's own. */
  ask: string | undefined
}

const LOAD: Command = { name: "SCRIPT", args: ["LOAD", APPLY] }
const ASKING: Command = { name: "ASKING", args: [] }
const LONGEST_PAUSE_MS = 200

/** Brings the requests of one call to the nodes that serve their keys, and tries again what was not run. */
export class Delivery {
  readonly #topology: Topology
  readonly #deadline: Deadline
  readonly #repeatable: boolean
  readonly #replies: Reply[]
  #open: Parcel[]
  #astray = false
  #pause = false

  /** @param repeatable the requests may be run twice, so that one whose answer was lost is sent again */
  constructor(topology: Topology, requests: readonly Request[], deadline: Deadline, repeatable: boolean) {
    this.#topology = topology
    this.#deadline = deadline
    this.#repeatable = repeatable
    this.#replies = new Array(requests.length)
    this.#open = requests.map((request, index) => ({ request, index, before: [], ask: undefined }))
  }

  /** Answers each request, in order, before the deadline or a little later. Never rejects. */
  async run(): Promise<Reply[]> {
    for (let attempt = 0; ; attempt++) {
      const parcels = this.#open
      this.#open = []
      this.#astray = false
      this.#pause = attempt > 0
      await Promise.all(this.#route(parcels).map(([node, group]) => this.#sendTo(node, group)))
      if (this.#astray) await this.#topology.refresh(this.#deadline)
      if (this.#open.length === 0 || this.#deadline.left === 0) return this.#replies
      if (this.#pause) await this.#deadline.pause(Math.min(10 * 2 ** attempt, LONGEST_PAUSE_MS))
    }
  }

  #route(parcels: readonly Parcel[]): [RedisNode, Parcel[]][] {
    const locate = this.#topology.locator()
    const groups = new Map<RedisNode, Parcel[]>()
    for (const parcel of parcels) {
      const node = parcel.ask === undefined ? locate(parcel.request.key) : this.#topology.at(parcel.ask)
      if (node === undefined) {
        this.#again(parcel, new Error("no node of the cluster is known to serve the key"))
        parcel.ask = undefined
        this.#astray = true
        this.#pause = true
        continue
      }
      const group = groups.get(node)
      if (group === undefined) groups.set(node, [parcel])
      else group.push(parcel)
    }
    return [...groups]
  }

  async #sendTo(node: RedisNode, parcels: readonly Parcel[]): Promise<void> {
    const commands = parcels.flatMap(({ before, request }) => (before.length === 0 ? request : [...before, request]))
    let answer: Replies
    try {
      answer = await node.run(commands, this.#deadline)
    } catch (error) {
      for (const parcel of parcels) this.#notSent(parcel, error as Error)
      return
    }
    const { epoch, replies } = answer
    let at = 0
    for (const parcel of parcels) {
      at += parcel.before.length
      const [error, value] = replies[at++] ?? [new Error("Redis gave no answer")]
      if (error === null) this.#replies[parcel.index] = { ok: true, value, epoch }
      else this.#failed(parcel, error, node)
    }
  }

  #failed(parcel: Parcel, error: Error, node: RedisNode): void {
    const fate = fateOf(error)
    if (isReadOnly(error)) node.drop(error)
    if (fate === "noscript") {
      parcel.before = [LOAD, ...parcel.before.filter((command) => command !== LOAD)]
    } else if (fate === "ask") {
      parcel.ask = error.message.split(" ")[2]
      parcel.before = [...parcel.before.filter((command) => command !== ASKING), ASKING]
    } else {
      parcel.ask = undefined
      parcel.before = []
      if (fate === "moved" || fate === "lost") this.#astray = true
      if (fate === "refused" || fate === "lost") this.#pause = true
    }
    if (fate === "failed" || (fate === "lost" && !this.#repeatable)) this.#replies[parcel.index] = { ok: false, error }
    else this.#again(parcel, error)
  }

  #notSent(parcel: Parcel, error: Error): void {
    if (error instanceof FabraError || fateOf(error) === "failed") {
      this.#replies[parcel.index] = { ok: false, error }
      return
    }
    this.#astray = true
    this.#pause = true
    this.#again(parcel, error)
  }

  #again(parcel: Parcel, error: Error): void {
    // Of what went wrong before the time was up, the reason tells more than that it was up.
    if (this.#deadline.left > 0) this.#replies[parcel.index] = { ok: false, error }
    else this.#replies[parcel.index] ??= { ok: false, error }
    this.#open.push(parcel)
  }
}
