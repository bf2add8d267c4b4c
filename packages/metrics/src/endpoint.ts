import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { FabraError } from "@fabra/events"
import { isLoopback } from "@fabra/events/adapter"

/** A little server with one page, `/metrics`, for processes that serve nothing else. */
export interface MetricsEndpoint extends AsyncDisposable {
  /** Where the page is: `http://127.0.0.1:9464/metrics`. */
  readonly url: string
  /** Idempotent. */
  close(): Promise<void>
}

/** @throws FabraError `invalid_setting` when the address cannot be used */
export async function openEndpoint(
  source: { readonly contentType: string; text(): Promise<string> },
  port: number,
  host: string,
): Promise<MetricsEndpoint> {
  const server = createServer((request, response) => {
    // A web page can let a name of its own point at this machine (DNS rebinding), and would then read the page.
    if (isLoopback(host) && !isLoopback(nameIn(request.headers.host))) {
      return answer(response, 421, "This page is served on loopback names only, such as localhost.\n")
    }
    const [path] = (request.url ?? "").split("?")
    if (path !== "/metrics") return answer(response, 404, "There is only /metrics here.\n")
    if (request.method !== "GET") return answer(response, 405, "Only GET.\n", { allow: "GET" })
    source.text().then(
      (text) => answer(response, 200, text, { "content-type": source.contentType }),
      (error) => answer(response, 500, `${FabraError.from(error).message}\n`),
    )
  })
  try {
    server.listen(port, host)
    await once(server, "listening")
  } catch (cause) {
    const message = `Metrics cannot be served at ${host}, port ${port}: ${(cause as Error).message}`
    throw new FabraError("invalid_setting", message, { path: "port", cause })
  }
  const { port: bound, address, family } = server.address() as AddressInfo
  const close = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, "close")
  }
  const url = `http://${family === "IPv6" ? `[${address}]` : address}:${bound}/metrics`
  return { url, close, [Symbol.asyncDispose]: close }
}

/** The name in a `Host` header, without the port. */
function nameIn(header = ""): string {
  return header.replace(/:\d*$/, "")
}

function answer(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers }).end(text)
}
