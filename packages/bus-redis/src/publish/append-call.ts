import { FabraError } from "@fabra/events"
import { Closed, Deadline, isPassing, outcomeOf } from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import type { PartitionKeys } from "../keyspace/keys.js"
import type { Settings } from "../options.js"
import { waitForReplica } from "../read/replicas.js"
import type { Link } from "../transport/link.js"
import { type Append, type AppendAnswer, type AppendSettings, append } from "./append-script.js"
import type { AppendOutcome, SendAppends } from "./gathered-appends.js"

/** Redis ends a `WAIT` by itself: leave it the time to say so. */
const REPLY_GRACE_MS = 1_000

/** Sends a call once. Rejects as `Link.attempt` does. */
type Attempt = (appends: readonly Append[], deadline: Deadline) => Promise<AppendAnswer[]>

/** Calls that are answered once the server has the events. */
export function acceptedAppends(link: Link, settings: Settings & AppendSettings): SendAppends {
  return persistent(settings, (appends, deadline) =>
    link.attempt(someKeys(appends).events, (redis) => append(redis, appends, settings), deadline),
  )
}

/** Calls that are answered once a replica has the events too. */
export function replicatedAppends(link: Link, settings: Settings): SendAppends {
  const { clock } = settings
  return persistent(settings, async (appends, deadline) => {
    const keys = someKeys(appends)
    const timeoutMs = deadline.left
    const send = (redis: Redis) => {
      // All in one breath, so that they reach the same server: after a failover the new one knows nothing of the append.
      const answers = append(redis, appends, settings, true)
      const replicas = waitForReplica(redis, keys.barrier, deadline.left)
      return Promise.all([answers, replicas])
    }
    const [answers, replicas] = await link.attempt(keys.events, send, new Deadline(clock, timeoutMs + REPLY_GRACE_MS))
    if (replicas >= 1) return answers
    throw new FabraError(
      "publish_unknown",
      `Redis has the event, but no replica confirmed it within ${timeoutMs} ms; publish it again under the same id.`,
    )
  })
}

/** Keys on the server that all of a call is for. */
function someKeys(appends: readonly Append[]): PartitionKeys {
  return (appends[0] as Append).keys
}

/** Sends a call until it is answered, as far as sending it again cannot append twice. */
function persistent({ dedupeWindowMs, clock, commandTimeoutMs }: Settings, attempt: Attempt): SendAppends {
  return async (appends, isWanted): Promise<AppendOutcome> => {
    const started = clock.now()
    const deadline = new Deadline(clock, commandTimeoutMs)
    // Half a window, so that the second copy arrives while the first one is surely still remembered.
    const isRemembered = () => clock.now() - started < dedupeWindowMs / 2
    let mayBeDone = false
    const isFinal = (error: unknown) => {
      // An error of ours says that no replica has confirmed the events.
      const outcome = error instanceof FabraError ? "unknown" : outcomeOf(error)
      mayBeDone ||= outcome === "unknown"
      const again = outcome === "refused" ? isPassing(error) : outcome === "not_sent" || isRemembered()
      return !again || error instanceof FabraError || error instanceof Closed || !isWanted()
    }
    try {
      return { answers: await deadline.retry(() => attempt(appends, deadline), isFinal), mayBeDone }
    } catch (error) {
      return { answers: [], error, mayBeDone }
    }
  }
}
