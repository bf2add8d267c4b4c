import type { FilterNode } from "@fabra/core/adapter"
import { escapeJson, escapeText } from "./escape.js"

const COMPARE = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const

/** Collects the parameters of a statement. */
export class Parameters {
  readonly values: unknown[] = []

  /** The name under which the statement refers to `value`. */
  add(value: unknown): string {
    return `$${this.values.push(value)}`
  }
}

/**
 * A filter as a condition on the column `metadata`, true or false and never null. Nothing that a caller says becomes part
 * of the text: fields and values are parameters.
 */
export function filterSql(filter: FilterNode, parameters: Parameters): string {
  const json = (value: string | number | boolean | null) => parameters.add(JSON.stringify(escapeJson(value)))
  switch (filter.op) {
    case "and":
    case "or": {
      if (filter.nodes.length === 0) return filter.op === "and" ? "true" : "false"
      return `(${filter.nodes.map((node) => filterSql(node, parameters)).join(` ${filter.op} `)})`
    }
    case "not":
      return `not ${filterSql(filter.node, parameters)}`
    case "in": {
      // Containment is what the index on metadata answers. A value is contained in an object's member only if it is equal.
      const field = escapeText(filter.field)
      const pairs = filter.values.map((value) => parameters.add(JSON.stringify({ [field]: escapeJson(value) })))
      return pairs.length === 0 ? "false" : `(${pairs.map((pair) => `metadata @> ${pair}::jsonb`).join(" or ")})`
    }
    default: {
      const field = parameters.add(escapeText(filter.field))
      const path = `'strict $ ? (@ ${COMPARE[filter.op]} $v)'`
      const variables = `jsonb_build_object('v', ${json(filter.value)}::jsonb)`
      return `coalesce(jsonb_path_exists(metadata -> ${field}::text, ${path}, ${variables}), false)`
    }
  }
}
