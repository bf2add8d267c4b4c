import { randomBytes } from "node:crypto"

/** A new token of a change of a record: 72 random bits, so that none ever repeats. */
export function newToken(): string {
  return randomBytes(9).toString("base64url")
}
