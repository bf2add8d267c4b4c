import type { Metric } from "@fabra/core"
import type { IndexSchema } from "@fabra/core/adapter"

/** Most dimensions that pgvector's `vector` can be indexed with. */
const MAX_SINGLE = 2_000
/** The same of `halfvec`, which keeps half the precision in half the space. */
export const MAX_DIMENSIONS = 4_000

const OPERATORS: Readonly<Record<Metric, { readonly sign: string; readonly ops: string }>> = {
  cosine: { sign: "<=>", ops: "cosine_ops" },
  inner_product: { sign: "<#>", ops: "ip_ops" },
  l2: { sign: "<->", ops: "l2_ops" },
}

/** How an index's vectors are spelled in SQL. */
export interface VectorSql {
  /** Type of the column. */
  readonly type: string
  /** Its class of operators for an HNSW index. */
  readonly ops: string
  /** The distance of the column from a parameter, least first. */
  readonly distance: (parameter: string) => string
  /** The score that a distance stands for. */
  readonly score: (distance: string) => string
}

export function vectorSql({ dimensions, metric }: IndexSchema): VectorSql {
  const type = dimensions > MAX_SINGLE ? "halfvec" : "vector"
  const { sign, ops } = OPERATORS[metric]
  return {
    type: `${type}(${dimensions})`,
    ops: `${type}_${ops}`,
    distance: (parameter) => `embedding ${sign} ${parameter}::${type}(${dimensions})`,
    score: (distance) => scoreOf(metric, distance),
  }
}

function scoreOf(metric: Metric, distance: string): string {
  switch (metric) {
    case "cosine":
      return `1 - (${distance})`
    case "inner_product":
      return `-(${distance})`
    case "l2":
      return `1 / (1 + (${distance}))`
  }
}

/** A vector as pgvector reads it. */
export function spellVector(vector: Float32Array): string {
  return `[${vector.join(",")}]`
}
