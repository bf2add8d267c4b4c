import type { Logger } from "@fabra/core"

type Level = keyof Logger

/** Writes log lines to standard error: for people on a terminal, else one JSON object each. */
export function createLogger(json: boolean): Logger {
  const write = json || !process.stderr.isTTY ? writeJson : writeText
  const at = (level: Level) => (fields: object, message: string) => write(level, fields, message)
  return { info: at("info"), warn: at("warn"), error: at("error") }
}

function writeJson(level: Level, fields: object, message: string): void {
  const line = { level, time: new Date().toISOString(), message, ...fields }
  process.stderr.write(`${JSON.stringify(line, spellError)}\n`)
}

function writeText(level: Level, fields: object, message: string): void {
  const told = Object.entries(fields).map(([name, value]) => `${name}=${spell(value)}`)
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${level.padEnd(5)} ${[message, ...told].join("  ")}\n`)
}

function spell(value: unknown): string {
  if (typeof value === "string") return value
  return isError(value) ? JSON.stringify(value.message) : JSON.stringify(value)
}

function isError(value: unknown): value is { readonly message: string } {
  return typeof value === "object" && value !== null && "message" in value && "name" in value
}

function spellError(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return { name: value.name, message: value.message, stack: value.stack }
}
