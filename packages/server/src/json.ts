import { Problem } from "./problem.js"

/**
 * Reads JSON. `JSON.parse` makes keys such as `__proto__` plain data; nothing here may copy them by assignment.
 * @throws Problem `invalid_json`
 */
export function parseJson(bytes: Uint8Array, what = "The body"): unknown {
  if (bytes.length === 0) throw new Problem("invalid_json", `${what} is empty: it must be JSON.`)
  let text: string
  try {
    // Not toString: it would turn bytes that are no UTF-8 into U+FFFD, and two different ids into one.
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new Problem("invalid_json", `${what} is not UTF-8.`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem("invalid_json", `${what} is not JSON: ${(error as Error).message}`)
  }
}
