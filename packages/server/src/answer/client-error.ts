import { STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import { Problem } from "./problem.js"

/** Answers what is no HTTP, or too much of it, before any route is known. */
export function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return
  if (!socket.writable) {
    socket.destroy(error)
    return
  }
  const problem = problemOf(error)
  const body = JSON.stringify(problem.toBody())
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n` +
      body,
  )
}

function problemOf({ code }: NodeJS.ErrnoException): Problem {
  if (code === "HPE_HEADER_OVERFLOW") return new Problem("headers_too_large", "Path and headers exceed 16 KiB.")
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new Problem("request_timeout", "The request took too long to arrive.")
  return new Problem("invalid_request", "This is not well-formed HTTP.")
}
