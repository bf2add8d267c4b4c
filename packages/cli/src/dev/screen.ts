import type { Logger, Telemetry } from "@fabra/core"
import type { FailedFeature } from "@fabra/core/adapter"
import { errorTexts, printable } from "@fabra/events/adapter"
import { userCodeOf } from "../features/user-code.js"
import type { AppliedNotices } from "../feed/feed.js"
import { noticeLine } from "../feed/notice-line.js"
import { print, time } from "../terminal/output.js"

/** What `fabra dev` shows: lines for people, or one JSON object each, with a `type`. */
export class Screen implements Telemetry {
  /** Warnings and errors of worker and server. What a handler did is told by {@link featureFailed}. */
  readonly logger: Logger = {
    info: () => {},
    warn: (fields, message) => this.#log("warn", fields, message),
    error: (fields, message) => this.#log("error", fields, message),
  }

  constructor(readonly json: boolean) {}

  /** Shows something of a type of its own. */
  show(type: string, value: object, text: () => string): void {
    print(this.json, { type, ...value }, text)
  }

  /** A line with the time before it. */
  line(type: string, value: object, text: string): void {
    this.show(type, value, () => `${time()}  ${printable(text)}`)
  }

  applied({ applied, skipped }: AppliedNotices): void {
    for (const notice of applied) this.show("applied", notice, () => noticeLine(notice))
    if (skipped > 0) this.show("skipped", { skipped }, () => `… and ${skipped.toLocaleString("en")} more`)
  }

  featureFailed({ event, feature, attempt, willRetry, error }: FailedFeature): void {
    const { message, stack } = errorTexts(error)
    const place = userCodeOf(stack)
    const { eventType: event_type, entityId: entity_id } = event
    const value = { event_type, entity_id, feature, attempt, will_retry: willRetry, message, place: place ?? null }
    const what = `${event_type}  ${entity_id}  ${feature} failed (try ${attempt}${willRetry ? "" : ", the last"})`
    this.line("failed", value, `${what}: ${place === undefined ? "" : `${place}: `}${message.split("\n")[0]}`)
  }

  #log(level: string, fields: object, message: string): void {
    if (message === "dead letter") {
      this.line("dead_letter", fields, `${deadLetterText(fields)} See \`fabra dlq list\`.`)
      return
    }
    const { error } = fields as { error?: { message?: string } }
    const why = error?.message !== undefined && !message.includes(error.message) ? ` (${error.message})` : ""
    this.line(level, { ...fields, message }, `${level}: ${message}${why}`)
  }
}

function deadLetterText(fields: object): string {
  const { event_type, entity_id, reason, error } = fields as {
    readonly [name in "event_type" | "entity_id" | "reason"]?: string
  } & { readonly error?: { readonly message: string } }
  const why = reason === "handler_failed" ? "" : `: ${error?.message ?? ""}`
  return `${event_type ?? "?"}  ${entity_id ?? "?"}  is a dead letter now (${reason})${why}.`
}
