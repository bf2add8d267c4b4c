import { FabraError } from "@fabra/events"
import type { Cluster, Redis } from "ioredis"

/** Where Redis is: a URL, or a client that is connected there. */
export type Source = string | Redis | Cluster

/** Checks where Redis is; `redis://127.0.0.1:6379` when nothing is said. @throws FabraError `invalid_argument` */
export function chooseSource(url: string | undefined, client: Redis | Cluster | undefined): Source {
  if (client === undefined) return checkUrl(url ?? "redis://127.0.0.1:6379")
  if (url !== undefined) throw invalid("url", "url and client are both given: name one of them.")
  // Commands go to the nodes of a cluster directly, past the place where ioredis adds the prefix.
  const { keyPrefix, redisOptions } = client.options as { keyPrefix?: string; redisOptions?: { keyPrefix?: string } }
  if (!keyPrefix && !redisOptions?.keyPrefix) return client
  throw invalid("client", "client has a keyPrefix, which would change the keys' slots: use namespace instead.")
}

function checkUrl(url: string): string {
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return url
  // Not shown in the message: it may hold a password.
  throw invalid("url", "url must read redis://host:port or rediss://host:port.")
}

function invalid(path: string, message: string): FabraError {
  return new FabraError("invalid_argument", message, { path })
}
