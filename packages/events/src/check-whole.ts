import { type ErrorCode, FabraError } from "./errors.js"
import { show } from "./message.js"

/**
 * Checks an option that is a whole number.
 * @param path names the option, in the message and as the error's `path`
 * @param range the least and the greatest allowed; without the greatest: what a number holds exactly
 * @throws FabraError with `code`, by default `invalid_argument`
 */
export function checkWhole(
  path: string,
  value: unknown,
  [min, max = Number.MAX_SAFE_INTEGER]: readonly [min: number, max?: number],
  code: ErrorCode = "invalid_argument",
): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`
  throw new FabraError(code, `${path} is ${show(value)}: it must be a whole number ${range}.`, { path })
}
