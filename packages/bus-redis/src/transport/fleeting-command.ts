import { Command, type Redis } from "ioredis"

/**
 * Sends a command of which nothing is left once it is answered.
 *
 * V8 makes a function that is assigned to a property, as ioredis's commands do with `reject`, in the old generation, where
 * it stays until that is collected, and with it what it refers to: the command, its arguments, its promise and the reply. So
 * every collection of the young generation would have to move all events that were read meanwhile.
 */
export async function sendFleeting(redis: Redis, name: string, args: (string | number)[]): Promise<unknown> {
  const command = new FleetingCommand(name, args, { replyEncoding: "utf8" })
  await redis.sendCommand(command)
  return command.take()
}

class FleetingCommand extends Command {
  #reply: unknown

  /** Keeps the reply out of the promise, which outlives it. */
  override transformReply(reply: Buffer | Buffer[]): string {
    this.#reply = super.transformReply(reply)
    return ""
  }

  /** The reply, once. */
  take(): unknown {
    const reply = this.#reply
    this.#reply = undefined
    this.args = []
    return reply
  }
}
