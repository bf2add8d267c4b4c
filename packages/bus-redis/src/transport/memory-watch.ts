import type { BusNotice, BusServer } from "@fabra/events"

/** The share of its memory from which on a server is said to be short of it. */
const SHORT = 0.8
/** Below this share it has enough again: further down, so that it is not told over and over. */
const ENOUGH = 0.75

type State = "enough" | "short" | "full"

/** Tells when a server comes near the end of its memory, is there, and has room again: each once. */
export class MemoryWatch {
  readonly #onNotice: (notice: BusNotice) => void
  readonly #states = new Map<string, State>()

  constructor(onNotice: (notice: BusNotice) => void) {
    this.#onNotice = onNotice
  }

  /** Looks at what the servers say of themselves now. */
  look(servers: readonly BusServer[]): void {
    for (const { name, usedBytes, maxBytes } of servers) {
      if (usedBytes === null || maxBytes === null) continue
      const before = this.#states.get(name) ?? "enough"
      const now = stateOf(usedBytes / maxBytes, before)
      if (now === before) continue
      this.#states.set(name, now)
      this.#onNotice(noticeOf(now, name, `${toMegabytes(usedBytes)} of ${toMegabytes(maxBytes)} MB`))
    }
  }
}

function stateOf(share: number, before: State): State {
  if (share >= 1) return "full"
  if (share >= SHORT) return "short"
  return share < ENOUGH || before === "enough" ? "enough" : "short"
}

function noticeOf(state: State, where: string, used: string): BusNotice {
  if (state === "enough") return { code: "memory_enough", level: "info", message: `${where} has memory again.`, where }
  const message =
    state === "full"
      ? `${where} is out of memory (${used}): no event is accepted until workers have made room. Raise maxmemory.`
      : `${where} is short of memory (${used}): without any, no event is accepted. Raise maxmemory, or let workers catch up.`
  return { code: "memory_short", level: state === "full" ? "error" : "warn", message, where }
}

function toMegabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
