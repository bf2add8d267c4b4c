// For those who publish and define events.

// For those who write a bus or another part of Fabra.
export { assignPartitions } from "./assign.js"
export { BaseEventBus, dedupeKey, type EncodedEvent } from "./base-bus.js"
// The contract of a bus.
export type {
  Assignment,
  BusCapabilities,
  BusNotice,
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
} from "./bus.js"
export { type Clock, sleep, systemClock, type Timer, withDeadline } from "./clock.js"
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
} from "./dead-letter.js"
export { discardAll, replayAll } from "./dead-letters-all.js"
export { defineEvent, type EventDefinition, type EventOf } from "./define-event.js"
export {
  BusFullError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorIssue,
  FabraError,
  type FabraErrorOptions,
} from "./errors.js"
export { type AxiomEvent, checkEvent, createEvent, type EventInput, type ReplayOrigin } from "./event.js"
export { newEventId } from "./event-id.js"
export { checkJson, isPlainObject, type JsonObject, type JsonValue, joinPath, MAX_DEPTH } from "./json.js"
export type { LeaseRequest, LeaseView, PartitionedLog } from "./log.js"
export { DEFAULT_LEASE_MS, LogSubscription } from "./log-subscription.js"
export { MemoryEventBus, type MemoryEventBusOptions } from "./memory-bus.js"
export {
  checkEntityId,
  checkEventId,
  checkName,
  MAX_ENTITY_ID_BYTES,
  MAX_EVENT_ID_BYTES,
  nearest,
  show,
  utf8Length,
} from "./names.js"
export { checkPartitions, DEFAULT_PARTITIONS, hashEntityId, MAX_PARTITIONS, partitionOf } from "./partition.js"
export { partitionTestVectors } from "./partition-vectors.js"
export type { Position } from "./position.js"
export { spellTime } from "./spell-time.js"
export { parseTime } from "./time.js"
export { DEFAULT_MAX_EVENT_BYTES, decodeEvent, encodeEvent, parseEvent } from "./wire.js"
