// For those who define, publish and replay events.

export type { BusServer, EventBus, PartitionLag, PublishOptions, PublishReceipt, PublishResult } from "./bus/bus.js"
export {
  DEAD_LETTER_REASONS,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterQueue,
  type DeadLetterReason,
  type ReplayOutcome,
} from "./bus/dead-letter.js"
export { discardAll, replayAll } from "./bus/dead-letters-all.js"
export type { BusNotice, BusNoticeCode } from "./bus/notice.js"
export type { Position } from "./bus/position.js"
export { type Clock, systemClock } from "./clock.js"
export {
  BusFullError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorIssue,
  FabraError,
  type FabraErrorOptions,
} from "./errors.js"
export { defineEvent, type EventDefinition, type EventOf } from "./event/define-event.js"
export { type AxiomEvent, createEvent, type EventInput, type ReplayOrigin } from "./event/event.js"
export { newEventId } from "./event/event-id.js"
export type { JsonObject, JsonValue } from "./event/json.js"
export { parseEvent } from "./event/wire.js"
export { MemoryEventBus, type MemoryEventBusOptions } from "./memory/memory-bus.js"
