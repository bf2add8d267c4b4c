import { createHash } from "node:crypto"
import type { Redis } from "ioredis"
import { isReply } from "./errors.js"
import { type Command, sendFleeting } from "./fleeting-command.js"

/** A Lua script that Redis runs in one atomic step. All its keys lie in one slot. */
export class Script<Answer> {
  readonly text: string
  readonly #sha: string
  /** Connections on whose server it is, as far as we know. */
  readonly #known = new WeakSet<Redis>()

  constructor(text: string) {
    this.text = text
    this.#sha = createHash("sha1").update(text).digest("hex")
  }

  /** The command that runs it by its digest. Redis refuses with `NOSCRIPT` when it does not have the script. */
  command(keys: readonly string[], args: readonly (string | number)[]): Command {
    return { name: "EVALSHA", args: [this.#sha, keys.length, ...keys, ...args].map(String), scriptText: this.text }
  }

  /**
   * Runs it by its digest, and by its text when the server does not have it.
   * @param onForgotten called when the server had it before
   */
  async run(
    redis: Redis,
    keys: readonly string[],
    args: readonly (string | number)[],
    onForgotten?: () => void,
  ): Promise<Answer> {
    const command = this.command(keys, args)
    try {
      const answer = (await sendFleeting(redis, command)) as Answer
      this.#known.add(redis)
      return answer
    } catch (error) {
      if (!isReply(error, "NOSCRIPT")) throw error
      if (this.#known.delete(redis)) onForgotten?.()
      return (await sendFleeting(redis, withText(command))) as Answer
    }
  }

  /** Runs it by its text, so that commands sent right after it surely run after it. */
  async runText(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
    return (await sendFleeting(redis, withText(this.command(keys, args)))) as Answer
  }
}

/** A command that runs its script by the text, which Redis then has; any other command as it is. */
export function withText(command: Command): Command {
  const { scriptText, args } = command
  return scriptText === undefined ? command : { name: "EVAL", args: [scriptText, ...args.slice(1)] }
}
