import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import type { OfflineStore, SqlLimits, SqlRow } from "./offline-store.js"

/**
 * Asks the offline store, as a tagged template: what stands in `${}` is sent beside the statement as a parameter, and is
 * never part of its text.
 *
 * @example
 * const [row] = await sql`select sum(amount) as spent from purchases where user_id = ${userId}`
 */
export type Sql = <Row extends object = SqlRow>(
  text: TemplateStringsArray,
  ...parameters: readonly unknown[]
) => Promise<Row[]>

/** `context.sql` of a function that may take so long. For workers. */
export function sqlOn(offline: OfflineStore | undefined, limits: SqlLimits): Sql {
  return async <Row extends object>(strings: TemplateStringsArray, ...parameters: readonly unknown[]) => {
    if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
      throw new FabraError("invalid_argument", "sql is a tag: write sql`select …`, with values in placeholders.")
    }
    const missing = parameters.indexOf(undefined)
    if (missing >= 0) {
      const message = `Parameter ${missing + 1} of ${show(strings.join("…"))} is undefined; null is what SQL knows.`
      throw new FabraError("invalid_argument", message)
    }
    if (offline === undefined) throw noOfflineStore("sql")
    const text = strings.reduce((before, part, i) => `${before}$${i}${part}`)
    return (await offline.query({ text, parameters }, limits)) as unknown as Row[]
  }
}

/** @param what needs one */
export function noOfflineStore(what: string): FabraError {
  const message = `${what} needs an offline store, and there is none: set FABRA_POSTGRES_URL, or connect one, as new FeatureStore({ offline }).`
  return new FabraError("invalid_setting", message)
}
