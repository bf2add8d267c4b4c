import { hash } from "node:crypto"
import type { FastifyReply, FastifyRequest } from "fastify"

/**
 * Sends JSON with an ETag, or 304 when the client says that it has just this.
 * @param tagged what the tag is made of: the answer without what changes with each read
 */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
  tagged: string = text,
): FastifyReply {
  const etag = `"${hash("sha1", tagged, "base64url")}"`
  reply.header("etag", etag).header("cache-control", "private, no-cache")
  const known = request.headers["if-none-match"]?.split(",").map((tag) => tag.trim().replace(/^W\//, ""))
  if (known?.some((tag) => tag === etag || tag === "*")) return reply.code(304).send()
  return sendJson(reply, text)
}

/** Sends what is spelled as JSON already. */
export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(text)
}
