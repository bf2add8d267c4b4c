import { FabraError } from "../errors.js"
import { printable } from "../message.js"

/** A member of a group as a log keeps it; times by the clock that all members share, in epoch milliseconds. */
export interface Member {
  readonly consumer: string
  /** Which of the consumer's starts. */
  readonly life: string
  readonly leaseMs: number
  readonly joinedAt: number
  /** When its last round was. */
  readonly seenAt: number
  /** Whether it has a share of the partitions before it has lived long enough to be trusted with one. */
  readonly sharesAtOnce: boolean
}

/** How a member announces itself in each round. */
export interface MemberRequest {
  readonly consumer: string
  /**
   * Which of the consumer's starts: unique, without line breaks; a later one sorts after it. A lease belongs to one life;
   * those of earlier ones are free for the consumer at once.
   */
  readonly life: string
  /** How long the member and its leases live from now on, by the clock of the bus. */
  readonly leaseMs: number
  /** True when the member goes for good: it is no longer among the members. */
  readonly leaving: boolean
}

/** The members of a group after a round. */
export interface MemberRound {
  /** To be stored. */
  readonly members: readonly Member[]
  /** Consumers that have a share. */
  readonly sharing: readonly string[]
  /** Whether a later life of the consumer is known: the round changes nothing. */
  readonly isSuperseded: boolean
}

/**
 * Tells the members of a group after a round, and those that have a share. A member has one once it has lived for half a lease, so that a process
 * that dies over and over takes nothing away from those that live; at once when nobody else has lived so long, as when all
 * start together, or when it is the next life of a consumer whose last one had. It loses its share when it has been silent for a quarter of a lease,
 * long before its leases run out, so that others know what is theirs by then.
 * @param members those of the group, as the last round left them
 */
export function keepMembers(members: readonly Member[], request: MemberRequest, now: number): MemberRound {
  const { consumer, life, leaseMs, leaving } = request
  const living = members.filter(({ seenAt, leaseMs }) => seenAt + leaseMs > now)
  const others = living.filter((member) => member.consumer !== consumer)
  const known = living.find((member) => member.consumer === consumer)
  const isHeard = (member: Member) => now - member.seenAt <= member.leaseMs / 4
  const hasShare = (member: Member) => isHeard(member) && (member.sharesAtOnce || hasLived(member))
  const sharing = others.filter(hasShare)
  const namesOf = (some: readonly Member[]) => some.map((member) => member.consumer)
  if (known !== undefined && known.life > life)
    return { members: living, sharing: namesOf(sharing), isSuperseded: true }
  if (leaving) return { members: others, sharing: namesOf(sharing), isSuperseded: false }
  const isSame = known?.life === life
  const isTrusted = isSame ? known.sharesAtOnce : known !== undefined && hasLived(known)
  const joinedAt = isSame ? known.joinedAt : now
  const sharesAtOnce = isTrusted || !others.some((member) => isHeard(member) && hasLived(member))
  const own = { consumer, life, leaseMs, joinedAt, seenAt: now, sharesAtOnce }
  return {
    members: [...others, own],
    sharing: namesOf(hasShare(own) ? [...sharing, own] : sharing),
    isSuperseded: false,
  }
}

/** The consumers that are alive, in alphabetical order. @param now by the clock that all members share, in epoch milliseconds */
export function livingConsumers(members: readonly Member[], now: number): readonly string[] {
  return members
    .filter(({ seenAt, leaseMs }) => seenAt + leaseMs > now)
    .map(({ consumer }) => consumer)
    .sort()
}

/** How many members an error names. */
const NAMED = 5

/**
 * What `EventBus.removeGroup` refuses a group with that has living members.
 * @param consumers the living ones, at least one
 */
export function groupInUse(group: string, consumers: readonly string[]): FabraError {
  const named = consumers.slice(0, NAMED).map((consumer) => `"${printable(consumer)}"`)
  const more = consumers.length > NAMED ? ` and ${consumers.length - NAMED} more` : ""
  const message =
    `The group "${group}" has members: ${named.join(", ")}${more}. Stop these workers first; one that died counts until ` +
    "its lease has run out."
  return new FabraError("invalid_argument", message, { path: "group" })
}

function hasLived({ joinedAt, seenAt, leaseMs }: Member): boolean {
  return seenAt - joinedAt >= leaseMs / 2
}
