import { FabraError } from "@fabra/events"
import pg from "pg"

const { builtins } = pg.types
const ARRAY_OF_INT8 = 1016
const ARRAY_OF_NUMERIC = 1231

/** Reads a column's text; `Number` and its like, for any depth of an array. */
type Parse = (text: string) => unknown

const arrayOf =
  (oid: number, parse: Parse): Parse =>
  (text) => {
    const deep = (item: unknown): unknown =>
      Array.isArray(item) ? item.map(deep) : item === null ? null : parse(item as string)
    return deep(pg.types.getTypeParser(oid)(text))
  }

/** Counts and sums come as numbers, and as no wrong ones; a time without zone is no time of this machine's. */
const parsers: Readonly<Record<number, Parse>> = {
  [builtins.INT8]: toInteger,
  [builtins.NUMERIC]: Number,
  [ARRAY_OF_INT8]: arrayOf(ARRAY_OF_INT8, toInteger),
  [ARRAY_OF_NUMERIC]: arrayOf(ARRAY_OF_NUMERIC, Number),
  [builtins.DATE]: String,
  [builtins.TIMESTAMP]: (text) => (text.endsWith("infinity") ? text : new Date(`${text.replace(" ", "T")}Z`)),
}

/** What the driver is told about types. */
export const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    format === "binary" ? pg.types.getTypeParser(oid, "binary") : (parsers[oid] ?? pg.types.getTypeParser(oid)),
} as pg.CustomTypesConfig

function toInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  const message = `${text} has more digits than a number of JavaScript holds: select it as text (column::text).`
  throw new FabraError("query_failed", message)
}
