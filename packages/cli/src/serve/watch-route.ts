import type { FabraServer } from "@fabra/server"
import type { AppliedFeed } from "../feed/feed.js"
import { toJson } from "../terminal/output.js"

/**
 * Adds `GET /watch`: what is applied, as it is applied, in lines of JSON; for `fabra watch` from another process.
 * @param stop ends every answer, which else would hold up the closing of the server
 */
export function addWatchRoute({ fastify }: FabraServer, feed: AppliedFeed, stop: AbortSignal): void {
  fastify.get("/watch", { config: { scope: "read" }, schema: { hide: true } as object }, async (_request, reply) => {
    reply.hijack()
    const { raw } = reply
    raw.setTimeout(0) // nothing moves on it while no event is applied
    const gone = new AbortController()
    raw.on("close", () => gone.abort())
    raw.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" })
    raw.flushHeaders()
    const over = AbortSignal.any([gone.signal, stop])
    await feed.follow((notices) => raw.write(`${toJson(notices)}\n`), over).catch(() => raw.destroy())
    raw.end()
  })
}
