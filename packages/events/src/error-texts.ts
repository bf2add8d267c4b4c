/** An error as texts, for dead letters, logs and messages. */
export interface ErrorTexts {
  readonly name: string
  readonly message: string
  /** Missing when what was thrown has none. */
  readonly stack?: string
}

/** The texts of anything that was thrown. Never throws: handlers throw proxies, and errors whose getters throw. */
export function errorTexts(thrown: unknown): ErrorTexts {
  if (!isError(thrown)) return { name: "Error", message: toText(() => thrown) }
  const message = toText(() => thrown.message)
  try {
    const { name, stack } = thrown
    return { name: typeof name === "string" ? name : "Error", message, ...(typeof stack === "string" ? { stack } : {}) }
  } catch {
    return { name: "Error", message }
  }
}

/** Whether it is an Error; false for a proxy that throws when it is asked. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error
  } catch {
    return false
  }
}

function toText(read: () => unknown): string {
  try {
    return String(read())
  } catch {
    return "What was thrown has no readable message."
  }
}
