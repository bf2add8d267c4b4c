import { FabraError } from "@fabra/events"

/** Runs `check`; a refusal gets `what` in front, as `Feature "plan": ttl is …`. @throws FabraError as `check` does */
export function inDefinition<Result>(what: string, check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    const { code, message, path, allowed, cause } = FabraError.from(error)
    throw new FabraError(code, `${what}: ${message}`, { path, allowed, cause })
  }
}
