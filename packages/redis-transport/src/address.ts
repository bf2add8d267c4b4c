import { FabraError } from "@fabra/events"
import type { RedisOptions } from "ioredis"

/** Where Redis is, in words. */
export interface Address {
  /** See {@link readAddress}. */
  readonly url: string
  /** PEM of the authority that signed the certificate of the servers. */
  readonly tlsCa?: string | undefined
}

/** What an {@link Address} says. */
export interface Place {
  /** The nodes of a Redis Cluster that are named; `undefined`: one server. */
  readonly nodes?: readonly Node[]
  /** Of each connection. */
  readonly options: RedisOptions
}

interface Node {
  readonly host: string
  readonly port: number
}

const FORMS =
  "url must read redis://host:port or rediss://host:port, several of these separated by commas for a Redis Cluster, " +
  "unix:///path/to/redis.sock, or redis+sentinel://host:port/name-of-the-master."
const SCHEMES = ["redis:", "rediss:", "unix:", "redis+sentinel:", "rediss+sentinel:"]

/**
 * Reads a url: one server, several nodes of a Redis Cluster separated by commas, a Unix socket, or the sentinels that know
 * the master. The messages do not show it, since it may hold a password.
 * @throws FabraError `invalid_argument`
 */
export function readAddress({ url, tlsCa }: Address): Place {
  const texts = url.split(",").map((text) => text.trim())
  if (!texts.every((text) => URL.canParse(text))) throw invalid(FORMS)
  const urls = texts.map((text) => new URL(text))
  const [first] = urls as [URL, ...URL[]]
  const { protocol, searchParams } = first
  if (!SCHEMES.includes(protocol) || (protocol === "unix:") !== (first.host === "")) throw invalid(FORMS)
  if (urls.some((one) => restOf(one) !== restOf(first))) {
    throw invalid("url names several servers that differ in more than host and port: give them the same user and all.")
  }
  // ioredis would add it to some keys, and the scripts name others.
  if (searchParams.has("keyPrefix"))
    throw invalid("url has a keyPrefix, which is not supported: use namespace instead.")
  const options = { ...loginOf(first), ...tlsOf(protocol, tlsCa) }
  if (protocol === "unix:") {
    if (urls.length > 1) throw invalid("url names several sockets: name one.")
    if (first.pathname.length < 2) throw invalid(FORMS)
    return { options: { ...options, path: decodeURIComponent(first.pathname), db: database(searchParams.get("db")) } }
  }
  const isSentinel = protocol.endsWith("+sentinel:")
  const nodes = urls.map((one) => nodeOf(one, isSentinel ? 26_379 : 6_379))
  if (isSentinel) return { options: { ...options, ...masterOf(first), sentinels: nodes } }
  const db = database(first.pathname.slice(1) || searchParams.get("db"))
  if (nodes.length === 1) return { options: { ...options, ...(nodes[0] as Node), db } }
  if (db !== 0) throw invalid("url names a database: leave it out, since a Redis Cluster has database 0 only.")
  return { nodes, options }
}

/** All of a URL but where it leads. */
function restOf({ protocol, username, password, pathname, search }: URL): string {
  return [protocol, username, password, pathname, search].join("\n")
}

/** User and password, and what else the query says to the driver. */
function loginOf({ username, password, searchParams }: URL): RedisOptions {
  const { db: _, family, ...others } = Object.fromEntries(searchParams)
  return {
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(family === undefined ? {} : { family: Number(family) }),
    ...others,
  }
}

function tlsOf(protocol: string, ca: string | undefined): RedisOptions {
  if (!protocol.startsWith("rediss")) {
    if (ca === undefined) return {}
    throw new FabraError("invalid_argument", "tlsCa is given, but url does not read rediss://: TLS is not used.", {
      path: "tlsCa",
    })
  }
  return { tls: ca === undefined ? {} : { ca }, enableTLSForSentinelMode: true }
}

function nodeOf({ hostname, port }: URL, usualPort: number): Node {
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? usualPort : Number(port) }
}

/** `/name`, or `/name/database`. */
function masterOf({ pathname, searchParams }: URL): RedisOptions {
  const [name = "", db = searchParams.get("db"), ...rest] = pathname.slice(1).split("/")
  if (name !== "" && rest.length === 0) return { name: decodeURIComponent(name), db: database(db) }
  throw invalid("url must name the master that the sentinels watch, as in redis+sentinel://host:port/mymaster.")
}

/** ioredis takes what it cannot read for database 0, which may be another's. */
function database(text: string | null): number {
  if (/^\d*$/.test(text ?? "")) return Number(text)
  throw invalid("url must name its database as a whole number from 0, as in redis://host:port/1, or none at all.")
}

function invalid(message: string): FabraError {
  return new FabraError("invalid_argument", message, { path: "url" })
}
