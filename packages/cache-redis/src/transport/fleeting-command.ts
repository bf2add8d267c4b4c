import { Command } from "ioredis"

/**
 * A command of which nothing is left once its reply is taken.
 *
 * V8 makes a function that is assigned to a property, as ioredis's `Command` does with `reject`, in the old generation, where
 * it stays until that is collected, and with it what it refers to: the command, its arguments, its promise and the reply. So
 * every collection of the young generation has to move all that was sent and read meanwhile.
 */
export class FleetingCommand extends Command {
  #reply: unknown

  constructor({ name, args }: { readonly name: string; readonly args: readonly string[] }) {
    super(name, [], { replyEncoding: "utf8" })
    // Not through the constructor, which flattens the arguments: for a commit that costs as much as all the rest.
    this.args = args as string[]
  }

  override transformReply(reply: Buffer | Buffer[]): string {
    this.#reply = super.transformReply(reply)
    return ""
  }

  /** The reply, once; `undefined` when there was none. The command cannot be sent again. */
  take(): unknown {
    const reply = this.#reply
    this.#reply = undefined
    this.args = []
    return reply
  }
}
