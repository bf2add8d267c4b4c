import { FabraError } from "../errors.js"
import { show } from "../message.js"

/** What a bus says of a group that it does not know. */
export function noSuchGroup(group: string): FabraError {
  const message = `There is no group ${show(group)} on this bus: a group begins with its first worker. Start one, or name another group.`
  return new FabraError("not_found", message)
}
