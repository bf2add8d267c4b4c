import { createHash } from "node:crypto"
import type { Redis } from "ioredis"
import { isReply } from "./errors.js"

/** A Lua script that Redis runs in one atomic step. All its keys lie in one slot. */
export class Script<Answer> {
  readonly text: string
  readonly #sha: string

  constructor(text: string) {
    this.text = text
    this.#sha = createHash("sha1").update(text).digest("hex")
  }

  /** Runs it by its digest, and by its text when the server does not have it (any more). */
  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
    try {
      return (await redis.evalsha(this.#sha, keys.length, ...keys, ...args)) as Answer
    } catch (error) {
      if (isReply(error, "NOSCRIPT")) return await this.runText(redis, keys, args)
      throw error
    }
  }

  /** Runs it by its text, so that commands sent in the same breath are sure to come after it. */
  async runText(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
    return (await redis.eval(this.text, keys.length, ...keys, ...args)) as Answer
  }
}
