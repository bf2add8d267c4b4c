import type { Metric } from "@fabra/core"
import type { IndexSchema } from "@fabra/core/adapter"
import { halfvecType, toSql, vectorType } from "pgvector/utils"

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
  const isHalf = dimensions > MAX_SINGLE
  const type: string = isHalf ? halfvecType(dimensions) : vectorType(dimensions)
  const { sign, ops } = OPERATORS[metric]
  return {
    type,
    ops: `${isHalf ? "halfvec" : "vector"}_${ops}`,
    distance: (parameter) => `embedding ${sign} ${parameter}::${type}`,
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

/** A vector as pgvector reads it. The package formats arrays only. */
export function spellVector(vector: Float32Array): string {
  return toSql([...vector])
}
