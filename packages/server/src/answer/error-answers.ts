import { errorTexts } from "@fabra/events/adapter"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import type { Settings } from "../options.js"
import { headerPath, Problem, toProblem } from "./problem.js"

/** The same fault is logged once in so many milliseconds, not with every request that meets it. */
const QUIET_MS = 10_000
/** Faults that are told apart; a client that finds more kinds than this gets one line in ten seconds for all the others. */
const MAX_FAULTS = 50

/** Answers every error with a problem of RFC 9457, and logs those that are faults of ours. */
export function answerErrors(app: FastifyInstance, { logger }: Settings): void {
  const faults = new RecentFaults()
  app.setErrorHandler((error: Error & { readonly code?: string }, request, reply) => {
    const problem = mediaTypeProblem(error, request) ?? toProblem(error)
    if (problem.status >= 500) {
      const cause = problem.extras.cause ?? error
      const more = faults.isNews(problem.code === "internal" ? `internal ${errorTexts(cause).message}` : problem.code)
      if (more !== undefined) {
        const { method, url } = request
        const repeated = more === 0 ? {} : { repeated: more }
        logger.error({ method, url: pathOf(url), code: problem.code, error: cause, ...repeated }, "A request failed.")
      }
    }
    return sendProblem(reply, problem)
  })
  app.setNotFoundHandler(({ method, url }, reply) => {
    const message = `There is no ${method} ${pathOf(url)}. See /docs for what there is.`
    return sendProblem(reply, new Problem("not_found", message))
  })
}

/** Sends an error answer. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type("application/problem+json")
    .send(JSON.stringify(problem.toBody()))
}

/** Which faults were logged lately. */
class RecentFaults {
  readonly #faults = new Map<string, { loggedAt: number; since: number }>()

  /** How often the fault has come without being logged since it last was; `undefined` when it was logged just now. */
  isNews(name: string): number | undefined {
    const now = performance.now()
    if (this.#faults.size > MAX_FAULTS) {
      for (const [old, { loggedAt }] of this.#faults) if (now - loggedAt > QUIET_MS) this.#faults.delete(old)
    }
    const key = this.#faults.has(name) || this.#faults.size < MAX_FAULTS ? name : "others"
    const known = this.#faults.get(key)
    if (known !== undefined && now - known.loggedAt < QUIET_MS) {
      known.since++
      return undefined
    }
    this.#faults.set(key, { loggedAt: now, since: 0 })
    return known?.since ?? 0
  }
}

/** A path without its query, in which clients send what is nobody's business. */
function pathOf(url: string): string | undefined {
  return url.split("?", 1)[0]
}

/** A refusal of Fastify that needs to know what was asked. */
function mediaTypeProblem({ code }: { readonly code?: string }, { headers }: FastifyRequest): Problem | undefined {
  if (code !== "FST_ERR_CTP_INVALID_MEDIA_TYPE") return undefined
  const type = headers["content-type"]
  const message = type === undefined ? "Say what the body is in a content-type." : `The type ${type} is not taken here.`
  return new Problem("unsupported_media_type", message, { path: headerPath("content-type") })
}
