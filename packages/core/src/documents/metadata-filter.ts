import { FabraError, type JsonObject } from "@fabra/events"
import { isPlainObject, joinPath, show } from "@fabra/events/adapter"

/** What metadata is compared with. */
export type FilterValue = string | number | boolean | null

/** What one field of the metadata has to be: a value, or all that is said here. */
export type FieldFilter =
  | FilterValue
  | {
      readonly $eq?: FilterValue
      readonly $in?: readonly FilterValue[]
      /** Numbers are compared with numbers, strings with strings by code points; anything else does not match. */
      readonly $gt?: string | number
      readonly $gte?: string | number
      readonly $lt?: string | number
      readonly $lte?: string | number
    }

/**
 * Which documents count in a search, by their metadata. All that is said must hold; a field that is not there equals
 * nothing. Fields are top-level members of the metadata.
 *
 * @example { lang: "en", year: { $gte: 2020 }, $not: { status: { $in: ["draft", "deleted"] } } }
 */
export interface MetadataFilter {
  readonly $and?: readonly MetadataFilter[]
  readonly $or?: readonly MetadataFilter[]
  readonly $not?: MetadataFilter
  readonly [field: string]: FieldFilter | MetadataFilter | readonly MetadataFilter[] | undefined
}

/** A comparison of a {@link FilterNode}. */
export type RangeOperator = "gt" | "gte" | "lt" | "lte"

/** A {@link MetadataFilter}, checked and taken apart, for those who write a vector store. */
export type FilterNode =
  | { readonly op: "and" | "or"; readonly nodes: readonly FilterNode[] }
  | { readonly op: "not"; readonly node: FilterNode }
  | { readonly op: "in"; readonly field: string; readonly values: readonly FilterValue[] }
  | { readonly op: RangeOperator; readonly field: string; readonly value: string | number }

const OPERATORS = ["$eq", "$in", "$gt", "$gte", "$lt", "$lte"]
const MAX_DEPTH = 16

/** @throws FabraError `invalid_argument` with the path of what makes no sense */
export function parseFilter(filter: unknown, path = "filter", depth = 0): FilterNode {
  if (!isPlainObject(filter)) throw refuse(filter, path, "it must be an object")
  if (depth > MAX_DEPTH) throw refuse(filter, path, `it is nested deeper than ${MAX_DEPTH} levels`)
  const nodes = Object.entries(filter).flatMap(([key, value]): FilterNode[] => {
    const at = joinPath(path, key)
    if (value === undefined) return []
    checkText(key, at)
    if (key === "$not") return [{ op: "not", node: parseFilter(value, at, depth + 1) }]
    if (key === "$and" || key === "$or") {
      if (!Array.isArray(value)) throw refuse(value, at, "it must be a list of filters")
      return [
        { op: key === "$and" ? "and" : "or", nodes: value.map((one, i) => parseFilter(one, `${at}[${i}]`, depth + 1)) },
      ]
    }
    if (key.startsWith("$")) throw refuse(key, at, "it is no operator", ["$and", "$or", "$not"])
    return parseField(key, value, at)
  })
  return nodes.length === 1 ? (nodes[0] as FilterNode) : { op: "and", nodes }
}

function parseField(field: string, condition: unknown, path: string): FilterNode[] {
  checkText(condition, path)
  if (isValue(condition)) return [{ op: "in", field, values: [condition] }]
  if (!isPlainObject(condition))
    throw refuse(condition, path, "it must be a value or an object of operators", OPERATORS)
  return Object.entries(condition).flatMap(([operator, value]): FilterNode[] => {
    const at = joinPath(path, operator)
    if (value === undefined) return []
    for (const one of Array.isArray(value) ? value : [value]) checkText(one, at)
    switch (operator) {
      case "$eq":
        if (isValue(value)) return [{ op: "in", field, values: [value] }]
        throw refuse(value, at, "it must be a string, number, boolean or null")
      case "$in":
        if (Array.isArray(value) && value.every(isValue)) return [{ op: "in", field, values: value }]
        throw refuse(value, at, "it must be a list of strings, numbers, booleans and nulls")
      case "$gt":
      case "$gte":
      case "$lt":
      case "$lte":
        if (typeof value === "string" || Number.isFinite(value)) {
          return [{ op: operator.slice(1) as RangeOperator, field, value: value as string | number }]
        }
        throw refuse(value, at, "it must be a string or a number")
      default:
        throw refuse(operator, at, "it is no operator", OPERATORS)
    }
  })
}

/** A lone surrogate has no UTF-8 form: no store can ask for it, and no metadata keeps one. */
function checkText(text: unknown, path: string): void {
  if (typeof text === "string" && !text.isWellFormed()) {
    throw refuse(text, path, "it must be well-formed Unicode (it has a lone surrogate)")
  }
}

function isValue(value: unknown): value is FilterValue {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)
}

function refuse(value: unknown, path: string, why: string, allowed?: readonly string[]): FabraError {
  const list = allowed === undefined ? "" : ` (known: ${allowed.join(", ")})`
  const options = allowed === undefined ? { path } : { path, allowed }
  return new FabraError("invalid_argument", `${path} is ${show(value)}: ${why}${list}.`, options)
}

/** Whether a document of this metadata counts. */
export function matchesFilter(metadata: JsonObject, filter: FilterNode): boolean {
  switch (filter.op) {
    case "and":
      return filter.nodes.every((node) => matchesFilter(metadata, node))
    case "or":
      return filter.nodes.some((node) => matchesFilter(metadata, node))
    case "not":
      return !matchesFilter(metadata, filter.node)
  }
  const value = Object.hasOwn(metadata, filter.field) ? metadata[filter.field] : undefined
  if (filter.op === "in") return filter.values.some((one) => one === value)
  if (typeof value !== typeof filter.value) return false
  const order = compare(value as string | number, filter.value)
  switch (filter.op) {
    case "gt":
      return order > 0
    case "gte":
      return order >= 0
    case "lt":
      return order < 0
    case "lte":
      return order <= 0
  }
}

/** Strings by code points, which is the order of their UTF-8 bytes and not that of UTF-16 units. */
function compare(a: string | number, b: string | number): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return Number(a) - Number(b)
}
