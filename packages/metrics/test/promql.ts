import type { SyntaxNode } from "@lezer/common"
import { parser } from "@prometheus-io/lezer-promql"

/** A metric that a query selects, and the labels that the query speaks of. */
export interface Selector {
  readonly metric: string
  readonly labels: readonly string[]
}

/** Reads a query with Prometheus' own grammar. @throws Error where it is no PromQL */
export function selectorsOf(query: string): Selector[] {
  const text = (node: SyntaxNode) => query.slice(node.from, node.to)
  const selectors: Selector[] = []
  parser.parse(query).iterate({
    enter({ name, node }) {
      if (node.type.isError) throw new Error(`${query}: not understood at ${query.slice(node.from)}`)
      if (name !== "VectorSelector") return
      const metric = text(node.getChild("Identifier") as SyntaxNode)
      selectors.push({ metric, labels: [...namesIn(node), ...groupings(node).flatMap(namesIn)].map(text) })
    },
  })
  return selectors
}

/** The label lists of all aggregations around a selector. */
function groupings(selector: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = []
  for (let node = selector.parent; node !== null; node = node.parent) {
    const labels = node.getChild("AggregateModifier")?.getChild("GroupingLabels")
    if (labels) found.push(labels)
  }
  return found
}

function namesIn(node: SyntaxNode): SyntaxNode[] {
  const names: SyntaxNode[] = []
  node.cursor().iterate((ref) => {
    if (ref.name === "LabelName") names.push(ref.node)
    return undefined
  })
  return names
}
