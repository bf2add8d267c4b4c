import type { BusNotice } from "@fabra/events"
import type { WorkerContext } from "../context.js"
import { untilAnswered } from "../retry.js"

/** Logs what bus and cache, as they are set up, may lose. A warning that both give, being on one server, is logged once. */
export class LossWarnings {
  readonly #context: Pick<WorkerContext, "bus" | "cache" | "settings" | "observer">
  /** Warnings of the bus, until the cache has given its own. */
  #given: Set<string> | undefined = new Set()

  constructor(context: Pick<WorkerContext, "bus" | "cache" | "settings" | "observer">) {
    this.#context = context
  }

  /** Logs a notice of the bus. */
  ofBus(notice: BusNotice): void {
    this.#given?.add(nameOf(notice))
    this.#context.observer.notice(notice)
  }

  /** Checks a bus that has been subscribed to, and the cache as soon as it answers. */
  async check(signal: AbortSignal): Promise<void> {
    const { bus, cache, observer } = this.#context
    const { name, durableReads } = bus.capabilities
    if (durableReads === "none") {
      const message = `The bus (${name}) shows events that it may still lose: one that is published again then is applied twice.`
      observer.notice({ code: "reads_not_durable", level: "warn", message })
    }
    const warnings = await untilAnswered(this.#context, { target: "cache", signal }, () => cache.check())
    for (const warning of warnings ?? []) {
      if (!this.#given?.has(nameOf(warning))) observer.notice({ ...warning, level: "warn" })
    }
    if (warnings !== undefined) this.#given = undefined
  }
}

function nameOf({ code, where = "" }: Pick<BusNotice, "code" | "where">): string {
  return `${code} ${where}`
}
