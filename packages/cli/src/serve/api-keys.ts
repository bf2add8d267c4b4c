import type { ApiKey, Scope } from "@fabra/server"
import { InvalidArgumentError } from "commander"
import type { Kind } from "../settings/kinds.js"

/** What a key may be allowed to do. */
export const SCOPES = ["ingest", "read", "admin"] as const satisfies readonly Scope[]

/** A key as `fabra api-key` prints it for `FABRA_API_KEYS`: `name:ingest+read:sha256:…`. */
export const apiKey: Kind<ApiKey> = {
  type: "API key",
  read(text) {
    const [name = "", scopes = "", ...hash] = text.split(":")
    const key = { name, scopes: scopes.split("+") as Scope[], hash: hash.join(":") }
    const fits = /^sha256:[0-9a-f]{64}$/.test(key.hash) && key.scopes.every((one) => SCOPES.includes(one))
    if (fits) return key
    throw new InvalidArgumentError("It must be name:scopes:sha256:… as `fabra api-key` prints it.")
  },
}

/** The text of a key that {@link apiKey} reads. */
export function spellApiKey({ name, scopes, hash }: ApiKey): string {
  return `${name}:${scopes.join("+")}:${hash}`
}
