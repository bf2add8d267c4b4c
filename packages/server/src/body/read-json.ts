import type { IncomingMessage } from "node:http"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { parseJson } from "../answer/json.js"
import { Problem } from "../answer/problem.js"
import { Framing } from "./framing.js"
import { GrowingBytes } from "./growing-bytes.js"

type Done = (error: Error | null, value?: unknown) => void

/** Has the server read bodies of these types as JSON of at most `maxBytes` bytes. */
export function readsJson(app: FastifyInstance, types: readonly string[], maxBytes: number): void {
  app.addContentTypeParser([...types], (_request: FastifyRequest, payload: IncomingMessage, done: Done) => {
    collect(payload, maxBytes, (error, bytes) => {
      if (error !== null) return done(error)
      try {
        done(null, parseJson(bytes as Buffer))
      } catch (fault) {
        done(fault as Error)
      }
    })
  })
}

/** Calls back once, with the whole body or the reason why there is none. Costs no promise. */
function collect(
  payload: IncomingMessage,
  maxBytes: number,
  done: (error: Error | null, bytes?: Buffer) => void,
): void {
  const declared = Number(payload.headers["content-length"])
  if (declared > maxBytes) {
    done(tooLarge(maxBytes))
    return
  }
  const bytes = new GrowingBytes()
  const framing = new Framing(payload)
  const end = (error: Error | null) => {
    payload.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose)
    if (error !== null) done(error)
    else done(null, bytes.take())
  }
  const onData = (chunk: Buffer) => {
    if (bytes.length + chunk.length > maxBytes) return end(tooLarge(maxBytes))
    bytes.add(chunk)
    try {
      framing.check(bytes.length)
    } catch (error) {
      end(error as Problem)
    }
  }
  const onEnd = () => end(null)
  const onError = () => end(brokenOff())
  const onClose = () => end(brokenOff())
  payload.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose)
}

function tooLarge(maxBytes: number): Problem {
  const message = `The body is larger than ${maxBytes} bytes. Many events may be sent as NDJSON, which has no limit.`
  return new Problem("payload_too_large", message, { headers: { connection: "close" } })
}

function brokenOff(): Problem {
  return new Problem("invalid_request", "The body ended before it was complete.")
}
