import { errorTexts, printable } from "@fabra/events/adapter"
import { type DestinationStream, destination, type Logger, pino, stdSerializers, stdTimeFunctions } from "pino"
import { prettyFactory } from "pino-pretty"

/** About so many bytes are written at once, or what there is after {@link FLUSH_MS}: a write for each line costs more than the line. */
const CHUNK_BYTES = 4096
const FLUSH_MS = 500
const STANDARD_ERROR = 2

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Nothing below it is written. Default `info`. */
  readonly level?: "debug" | "info" | "warn" | "error" | "silent"
  /** Lines for people instead of JSON. Default: whether standard error is a terminal. */
  readonly pretty?: boolean
  /** Where lines go. Default: standard error. */
  readonly destination?: DestinationStream
}

/**
 * Makes a pino logger that writes as all of Fabra does: one line of JSON each, `level` as a word, `time` in ISO 8601; in
 * a terminal, lines for people. Lines wait for each other for up to half a second, and are all written when the process
 * ends, unless it is killed.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", destination } = options
  const isPretty = options.pretty ?? (destination === undefined && process.stderr.isTTY === true)
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      messageKey: "message",
      errorKey: "error",
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorFields },
    },
    isPretty ? prettyStream(destination) : (destination ?? chunkedStream()),
  )
}

function chunkedStream(): DestinationStream {
  return destination({ dest: STANDARD_ERROR, sync: false, minLength: CHUNK_BYTES, periodicFlush: FLUSH_MS })
}

function prettyStream(destination: DestinationStream = process.stderr): DestinationStream {
  const format = prettyFactory({
    colorize: destination === process.stderr,
    messageKey: "message",
    errorLikeObjectKeys: ["error"],
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  })
  return { write: (line) => destination.write(format(JSON.parse(line, withoutEscapes))) }
}

/** Ids and messages of errors come from data: a terminal must show them, not obey them. A stack keeps its lines. */
function withoutEscapes(_name: string, value: unknown): unknown {
  return typeof value === "string" ? value.split("\n").map(printable).join("\n") : value
}

/**
 * The type is the name of the error, not of the class that bundling or another copy of it may have left. Never throws: a line about an
 * error with a getter that throws must not be lost.
 */
function errorFields(error: Error): object {
  try {
    return { ...stdSerializers.err(error), type: errorTexts(error).name }
  } catch {
    return errorTexts(error)
  }
}
