// For those who publish and define events.

export { BaseEventBus, dedupeKey, type EncodedEvent } from "./bus/base-bus.js"
// The contract of a bus.
export type {
  Assignment,
  BusCapabilities,
  BusRecord,
  EventBus,
  PartitionBatch,
  PartitionLag,
  PublishOptions,
  PublishReceipt,
  PublishResult,
  ReadOptions,
  SubscribeOptions,
  Subscription,
} from "./bus/bus.js"
export {
  DEAD_LETTER_REASONS,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterQueue,
  type DeadLetterReason,
  deadLetterKey,
  discardEvent,
  matchesFilter,
  type NewDeadLetter,
  type ReplayOutcome,
  replayEvent,
} from "./bus/dead-letter.js"
export { discardAll, replayAll } from "./bus/dead-letters-all.js"
export type { BusNotice, BusNoticeCode, StoreRisk, StoreWarning } from "./bus/notice.js"
export { checkPartitions, DEFAULT_PARTITIONS, hashEntityId, MAX_PARTITIONS, partitionOf } from "./bus/partition.js"
export { partitionTestVectors } from "./bus/partition-vectors.js"
export type { Position } from "./bus/position.js"
export { checkWhole } from "./check-whole.js"
export { type Clock, sleep, systemClock, type Timer, withDeadline } from "./clock.js"
export {
  BusFullError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorIssue,
  FabraError,
  type FabraErrorOptions,
} from "./errors.js"
export { defineEvent, type EventDefinition, type EventOf } from "./event/define-event.js"
export { type AxiomEvent, checkEvent, createEvent, type EventInput, type ReplayOrigin } from "./event/event.js"
export { newEventId } from "./event/event-id.js"
export { checkJson, isPlainObject, type JsonObject, type JsonValue, joinPath, MAX_DEPTH } from "./event/json.js"
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
export { DEFAULT_MAX_EVENT_BYTES, decodeEvent, encodeEvent, parseEvent } from "./event/wire.js"
// For those who write a bus or another part of Fabra.
export { assignPartitions } from "./log/assign.js"
export type { LeaseRequest, LeaseView, PartitionedLog } from "./log/log.js"
export { DEFAULT_LEASE_MS, LogSubscription } from "./log/log-subscription.js"
export { MemoryEventBus, type MemoryEventBusOptions } from "./memory/memory-bus.js"
export { didYouMean, nearest, show } from "./message.js"
