import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import type { Settings } from "../options.js"
import { headerPath, Problem, type ProblemCode, toProblem } from "./problem.js"

/** An outage is told once in so many milliseconds, not with every request it fails. */
const OUTAGE_QUIET_MS = 10_000

/** Answers every error with a problem of RFC 9457, and logs those that are faults of ours. */
export function answerErrors(app: FastifyInstance, { logger, maxBodyBytes }: Settings): void {
  const lastTold = new Map<ProblemCode, number>()
  const isNews = ({ code, status }: Problem): boolean => {
    if (status < 500) return false
    if (code !== "internal" && performance.now() - (lastTold.get(code) ?? -OUTAGE_QUIET_MS) < OUTAGE_QUIET_MS)
      return false
    lastTold.set(code, performance.now())
    return true
  }
  app.setErrorHandler((error: Error & { readonly code?: string }, request, reply) => {
    const problem = limitProblem(error, request, maxBodyBytes) ?? toProblem(error)
    if (isNews(problem)) {
      const { method, url } = request
      logger.error({ method, url, code: problem.code, error: problem.extras.cause ?? error }, "A request failed.")
    }
    return sendProblem(reply, problem)
  })
  app.setNotFoundHandler(({ method, url }, reply) => {
    const path = url.split("?", 1)[0]
    return sendProblem(reply, new Problem("not_found", `There is no ${method} ${path}. See /docs for what there is.`))
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

/** Refusals of Fastify that need to know what was asked. */
function limitProblem({ code }: { readonly code?: string }, { headers }: FastifyRequest, maxBytes: number) {
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const message = `The body is larger than ${maxBytes} bytes. Many events may be sent as NDJSON, which has no limit.`
    return new Problem("payload_too_large", message)
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const type = headers["content-type"]
    const message =
      type === undefined ? "Say what the body is in a content-type." : `The type ${type} is not taken here.`
    return new Problem("unsupported_media_type", message, { path: headerPath("content-type") })
  }
  return undefined
}
