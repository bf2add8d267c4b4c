import { createHash } from "node:crypto"
import type { Redis } from "ioredis"
import { isReply } from "./errors.js"
import { sendFleeting } from "./fleeting-command.js"

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
    try {
      const answer = (await sendFleeting(redis, "evalsha", [this.#sha, keys.length, ...keys, ...args])) as Answer
      this.#known.add(redis)
      return answer
    } catch (error) {
      if (!isReply(error, "NOSCRIPT")) throw error
      if (this.#known.delete(redis)) onForgotten?.()
      return await this.runText(redis, keys, args)
    }
  }

  /** Runs it by its text, so that commands sent in the same breath are sure to come after it. */
  async runText(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
    return (await sendFleeting(redis, "eval", [this.text, keys.length, ...keys, ...args])) as Answer
  }
}
