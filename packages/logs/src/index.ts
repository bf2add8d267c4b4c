export { type EventLogOptions, eventLog } from "./event-log.js"
export { createLogger, type LoggerOptions } from "./logger.js"
