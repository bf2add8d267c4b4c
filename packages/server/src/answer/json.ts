import { isUtf8 } from "node:buffer"
import { Problem } from "./problem.js"

/** Some programs put it before everything they write in UTF-8. */
const BYTE_ORDER_MARK = "\ufeff"

/**
 * Reads JSON. `JSON.parse` makes keys such as `__proto__` plain data; nothing here may copy them by assignment.
 * @throws Problem `invalid_json`
 */
export function parseJson(bytes: Buffer, what = "The body"): unknown {
  if (bytes.length === 0) throw new Problem("invalid_json", `${what} is empty: it must be JSON.`)
  // Else toString would turn bytes that are no UTF-8 into U+FFFD, and two different ids into one.
  if (!isUtf8(bytes)) throw new Problem("invalid_json", `${what} is not UTF-8.`)
  const text = bytes.toString()
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)
  } catch (error) {
    throw new Problem("invalid_json", `${what} is not JSON: ${(error as Error).message}`)
  }
}
