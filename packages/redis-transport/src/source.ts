import { FabraError } from "@fabra/events"
import type { Cluster, Redis } from "ioredis"

/** Where Redis is: a URL, or a client that is connected there. */
export type Source = string | Redis | Cluster

/** Where Redis is when nobody says. */
const DEFAULT_URL = "redis://localhost:6379"

/** Checks where Redis is; `redis://localhost:6379` when nothing is said. @throws FabraError `invalid_argument` */
export function chooseSource(url: string | undefined, client: Redis | Cluster | undefined): Source {
  if (client === undefined) return checkUrl(url ?? DEFAULT_URL)
  if (url !== undefined) throw invalid("url", "url and client are both given: name one of them.")
  // By what only its options have: ioredis 6 does not read the replies to commands that version 5 makes.
  if ("replyMapping" in client.options || "himportFieldsets" in client.options) {
    throw invalid(
      "client",
      "client is of ioredis 6, which is not supported yet: make it with ioredis 5, or give a url.",
    )
  }
  // Commands go to the nodes of a cluster directly, past the place where ioredis adds the prefix.
  const { keyPrefix, redisOptions } = client.options as { keyPrefix?: string; redisOptions?: { keyPrefix?: string } }
  if (!keyPrefix && !redisOptions?.keyPrefix) return client
  throw invalid("client", "client has a keyPrefix, which would change the keys' slots: use namespace instead.")
}

function checkUrl(url: string): string {
  // Not shown in the messages: it may hold a password.
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw invalid("url", "url must read redis://host:port or rediss://host:port.")
  }
  const { pathname, searchParams } = new URL(url)
  // ioredis would add it to some keys, and the scripts name others.
  if (searchParams.has("keyPrefix"))
    throw invalid("url", "url has a keyPrefix, which is not supported: use namespace instead.")
  // ioredis takes what it cannot read for database 0, which may be another's.
  if (/^\/?\d*$/.test(pathname) && /^\d*$/.test(searchParams.get("db") ?? "")) return url
  throw invalid(
    "url",
    "url must name its database as a whole number from 0, as in redis://host:port/1, or none at all.",
  )
}

function invalid(path: string, message: string): FabraError {
  return new FabraError("invalid_argument", message, { path })
}
