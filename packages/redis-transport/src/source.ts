import { FabraError } from "@fabra/events"
import type { Cluster, Redis } from "ioredis"
import { type Address, readAddress } from "./address.js"

/** Where Redis is: an address, or a client that is connected there. */
export type Source = Address | Redis | Cluster

/** Where Redis is when nobody says. */
const DEFAULT_URL = "redis://localhost:6379"

/** The options of bus and cache that say where Redis is. */
export interface SourceOptions {
  readonly url?: string | undefined
  readonly tlsCa?: string | undefined
  readonly client?: Redis | Cluster | undefined
}

/** Checks where Redis is; `redis://localhost:6379` when nothing is said. @throws FabraError `invalid_argument` */
export function chooseSource({ url, tlsCa, client }: SourceOptions): Source {
  if (client === undefined) {
    const address = { url: url ?? DEFAULT_URL, tlsCa }
    readAddress(address)
    return address
  }
  if (url !== undefined) throw invalid("url", "url and client are both given: name one of them.")
  if (tlsCa !== undefined) throw invalid("tlsCa", "tlsCa and client are both given: give the client tls: { ca }.")
  // By what only its options have: ioredis 6 does not read the replies to commands that version 5 makes.
  if ("replyMapping" in client.options || "himportFieldsets" in client.options) {
    throw invalid(
      "client",
      "client is of ioredis 6, which is not supported yet: make it with ioredis 5, or give a url.",
    )
  }
  const options = client.options as ConnectionOptions & { readonly redisOptions?: ConnectionOptions }
  checkDatabase(client.isCluster ? options.redisOptions?.db : options.db, client.isCluster)
  // Commands go to the nodes of a cluster directly, past the place where ioredis adds the prefix.
  if (!options.keyPrefix && !options.redisOptions?.keyPrefix) return client
  throw invalid("client", "client has a keyPrefix, which would change the keys' slots: use namespace instead.")
}

/** True when an address is all that is known: the client is ours to make. */
export function isAddress(source: Source): source is Address {
  return "url" in source
}

interface ConnectionOptions {
  readonly keyPrefix?: string
  readonly db?: unknown
}

/** What ioredis cannot read it takes for database 0, which may be another's; so does a cluster with any number. */
function checkDatabase(db: unknown, isCluster: boolean): void {
  if (!/^\d*$/.test(String(db ?? ""))) throw invalid("client", "client has a db that is no whole number from 0.")
  if (isCluster && Number(db ?? 0) !== 0) {
    throw invalid("client", "client has a db: leave it out, since a Redis Cluster has database 0 only.")
  }
}

function invalid(path: string, message: string): FabraError {
  return new FabraError("invalid_argument", message, { path })
}
