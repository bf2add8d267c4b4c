import { Command as DriverCommand, type Redis } from "ioredis"

/** One command: its name, and its arguments with the keys among them. */
export interface Command {
  readonly name: string
  readonly args: readonly string[]
  /** The text of the script that it runs by its digest. */
  readonly scriptText?: string
}

/**
 * Sends a command of which nothing is left once it is answered.
 *
 * V8 makes a function that is assigned to a property, as ioredis's commands do with `reject`, in the old generation, where
 * it stays until that is collected, and with it what it refers to: the command, its arguments, its promise and the reply. So
 * every collection of the young generation would have to move all that was sent and read meanwhile.
 */
export async function sendFleeting(redis: Redis, command: Command): Promise<unknown> {
  const fleeting = new FleetingCommand(command)
  await redis.sendCommand(fleeting)
  return fleeting.take()
}

/**
 * Sends commands in one write, as {@link sendFleeting} does, without ioredis's `pipeline()`: each pipeline defines a
 * property of its own, and V8 keeps the description of that, with all that was sent and answered, until the old
 * generation is collected.
 * @returns for each command, in order, an error or a value
 */
export async function sendAll(redis: Redis, commands: readonly Command[]): Promise<Result[]> {
  const sent = commands.map((command) => new FleetingCommand(command))
  const { stream } = redis
  stream.cork()
  let answers: Promise<PromiseSettledResult<unknown>[]>
  try {
    answers = Promise.allSettled(sent.map((command) => redis.sendCommand(command)))
  } finally {
    stream.uncork()
  }
  return (await answers).map((outcome, i) =>
    outcome.status === "rejected" ? [outcome.reason] : [null, sent[i]?.take()],
  )
}

/** What came of one command: an error, or its value. */
export type Result = readonly [error: Error | null, value?: unknown]

/**
 * Lets commands that are sent in a row, as those of several partitions are, leave in one write: each write is a system
 * call, which costs more than most commands.
 */
export function writeTogether({ stream }: Redis): void {
  if (stream === undefined || stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

class FleetingCommand extends DriverCommand {
  #reply: unknown

  constructor({ name, args }: Command) {
    super(name, [], { replyEncoding: "utf8" })
    // Not through the constructor, which copies the arguments: for a commit that costs as much as all the rest.
    this.args = args as string[]
  }

  /** Keeps the reply out of the promise, which outlives it. */
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
