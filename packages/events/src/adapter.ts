// For those who write a bus or another part of Fabra.

export { BaseEventBus, dedupeKey, type EncodedEvent } from "./bus/base-bus.js"
export type {
  Assignment,
  AttemptKind,
  BusCapabilities,
  BusRecord,
  FormerOwner,
  PartitionBatch,
  ReadOptions,
  SubscribeOptions,
  Subscription,
} from "./bus/bus.js"
export { deadLetterKey, discardEvent, matchesFilter, type NewDeadLetter, replayEvent } from "./bus/dead-letter.js"
export { noSuchGroup } from "./bus/no-such-group.js"
export type { StoreRisk, StoreWarning } from "./bus/notice.js"
export { checkPartitions, DEFAULT_PARTITIONS, hashEntityId, MAX_PARTITIONS, partitionOf } from "./bus/partition.js"
export { partitionTestVectors } from "./bus/partition-vectors.js"
export { type TotalLag, totalLag } from "./bus/total-lag.js"
export { checkWhole } from "./check-whole.js"
export { sleep, type Timer, type TimerKind, withDeadline } from "./clock.js"
export { type ErrorTexts, errorTexts, isError } from "./error-texts.js"
export { checkEvent, stampEventsBy } from "./event/event.js"
export { checkJson, isPlainObject, joinPath, MAX_DEPTH } from "./event/json.js"
export {
  checkEntityId,
  checkEventId,
  checkName,
  MAX_ENTITY_ID_BYTES,
  MAX_EVENT_ID_BYTES,
  utf8Length,
} from "./event/names.js"
export { spellTime } from "./event/spell-time.js"
export { parseTime } from "./event/time.js"
export { DEFAULT_MAX_EVENT_BYTES, decodeEvent, encodeEvent } from "./event/wire.js"
export { assignPartitions } from "./log/assign.js"
export type { Attempts, LeaseRequest, LeaseView, PartitionedLog } from "./log/log.js"
export { DEFAULT_LEASE_MS, LogSubscription } from "./log/log-subscription.js"
export {
  groupInUse,
  keepMembers,
  livingConsumers,
  type Member,
  type MemberRequest,
  type MemberRound,
} from "./log/members.js"
export { isLoopback } from "./loopback.js"
export { didYouMean, nearest, printable, show } from "./message.js"
