import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { FabraError } from "@fabra/events"
import { checkName, show } from "@fabra/events/adapter"

/** What a key may do. `admin` may do everything. */
export const SCOPES = ["ingest", "read", "admin"] as const

/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number]

/** An API key as the server knows it: never the key itself. */
export interface ApiKey {
  /** Names the key in the log and counts its requests. Several keys at once allow changing them one by one. */
  readonly name: string
  /** {@link hashApiKey} of the key. */
  readonly hash: string
  readonly scopes: readonly Scope[]
}

/** Shortest key: its hash is a fast one, which protects only what nobody can guess. */
const MIN_KEY_LENGTH = 32
const HASH = /^sha256:[0-9a-f]{64}$/

/** Makes a new key: `key` for its user, who alone gets it, and `apiKey` for the server. @throws FabraError `invalid_name` */
export function createApiKey(name: string, scopes: readonly Scope[]): { key: string; apiKey: ApiKey } {
  const key = `fabra_${randomBytes(32).toString("base64url")}`
  const apiKey = { name, hash: hashApiKey(key), scopes }
  checkApiKey(apiKey, "apiKey")
  return { key, apiKey }
}

/**
 * What is kept of a key: `sha256:` and 64 hexadecimal digits.
 * @throws FabraError `invalid_argument` when the key is shorter than 32 characters, so that it might be guessed
 */
export function hashApiKey(key: string): string {
  if (key.length < MIN_KEY_LENGTH) {
    throw new FabraError("invalid_argument", `An API key must have at least ${MIN_KEY_LENGTH} characters of chance.`)
  }
  return `sha256:${digest(key).toString("hex")}`
}

/** Finds the key that a request presents. */
export class KeyRing {
  readonly #keys: readonly { readonly apiKey: ApiKey; readonly digest: Buffer }[]

  /** @throws FabraError `invalid_setting` */
  constructor(apiKeys: readonly ApiKey[]) {
    for (const [i, apiKey] of apiKeys.entries()) checkApiKey(apiKey, `apiKeys[${i}]`)
    this.#keys = apiKeys.map((apiKey) => ({ apiKey, digest: Buffer.from(apiKey.hash.slice(7), "hex") }))
  }

  get size(): number {
    return this.#keys.length
  }

  /** The time it takes does not depend on which key it is, or whether it is one. */
  find(key: string): ApiKey | undefined {
    const presented = digest(key)
    let found: ApiKey | undefined
    for (const { apiKey, digest } of this.#keys) if (timingSafeEqual(presented, digest)) found = apiKey
    return found
  }
}

/** Whether a key may do what `scope` stands for. */
export function allows({ scopes }: ApiKey, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes("admin")
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest()
}

function checkApiKey({ name, hash, scopes }: ApiKey, path: string): void {
  checkName("API key", name, `${path}.name`)
  if (!HASH.test(hash)) {
    const message = `${path}.hash must be what hashApiKey makes of a key: "sha256:" and 64 hexadecimal digits.`
    throw new FabraError("invalid_setting", message, { path: `${path}.hash` })
  }
  const unknown = scopes.find((scope) => !SCOPES.includes(scope))
  if (unknown === undefined && scopes.length > 0) return
  const message = `${path}.scopes holds ${show(unknown ?? "nothing")}: it must be some of ${SCOPES.join(", ")}.`
  throw new FabraError("invalid_setting", message, { path: `${path}.scopes`, allowed: SCOPES })
}
