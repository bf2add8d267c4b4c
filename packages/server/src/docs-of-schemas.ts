type Schemas = Record<string, object>

/** What of an OpenAPI document is read and changed here. */
interface Document {
  readonly paths?: object
  readonly components?: object
}

/**
 * The document with each schema that has a name (`named`) written once, under it, and referred to from everywhere else: what
 * is generated from it has one type of it then.
 */
export function withNamedSchemas<Given extends Document>(document: Given): Given {
  const schemas: Schemas = {}
  const paths = refer(document.paths ?? {}, schemas)
  return { ...document, paths, components: { ...document.components, schemas } }
}

function refer(value: unknown, schemas: Schemas): unknown {
  if (Array.isArray(value)) return value.map((one) => refer(one, schemas))
  if (typeof value !== "object" || value === null) return value
  const inside = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, refer(one, schemas)]))
  const { "x-fabra-name": name, ...schema } = inside
  if (typeof name !== "string") return inside
  schemas[name] ??= schema
  return { $ref: `#/components/schemas/${name}` }
}
