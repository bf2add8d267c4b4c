// A client that knows nothing but the OpenAPI document, and some words that this store knows.
import fc from "fast-check"

type Schema = any

/** One method of one path. */
export interface Operation {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    schema: Schema
  }[]
  readonly bodies: Readonly<Record<string, { readonly schema: Schema }>>
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, { readonly schema?: Schema }> }>>
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
}

/** Some of what a client would know from /catalog; the rest of the time it guesses. */
const WORDS: Readonly<Record<string, readonly unknown[]>> = {
  event_type: ["purchase", "gift", "login", "say", "pay", "whisper", "view", "visit", "fall"],
  type: ["login", "visit"],
  entity: ["User", "Product"],
  index: ["reviews"],
  vector: [Array(256).fill(1)],
  text: ["hats"],
  filter: [{ lang: "en" }, { stars: { $gte: 2 } }],
  names: ["said", "visits,loud"],
  features: [["visits"], ["views"], ["visits", "views"]],
  entity_rows: [[{ user_id: "a" }], [{ product_id: "a" }], [{ user_id: "a", product_id: "b" }]],
  payload: [{}, { amount: 1 }, { hard: true }],
  timestamp: ["2026-01-31T12:00:00Z", 1_700_000_000_000],
  time: ["2026-01-31T12:00:00Z"],
  source: ["/shop"],
  timeout: ["5ms"],
  datacontenttype: ["application/json"],
}

/** The document with what its references mean in their place. */
export function resolved(document: Schema): Schema {
  const resolve = (value: Schema): Schema => {
    if (Array.isArray(value)) return value.map(resolve)
    if (typeof value !== "object" || value === null) return value
    const [, name] = /^#\/components\/schemas\/(.*)$/.exec(value.$ref ?? "") ?? []
    if (name !== undefined) return resolve(document.components.schemas[name])
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]))
  }
  return { ...document, paths: resolve(document.paths) }
}

export function operationsOf(document: Schema): Operation[] {
  return Object.entries<Schema>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Schema>(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      name: `${method} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters,
      responses,
      bodies: requestBody?.content ?? {},
    })),
  )
}

/** The schema of an answer; `undefined` when the document knows of no such answer. */
export function schemaOf({ responses }: Operation, status: number, type: string | undefined): Schema {
  const response = responses[status]
  if (response?.content === undefined) return response === undefined ? undefined : {}
  return type === undefined ? {} : response.content[type]?.schema
}

/** Requests as the document describes them, and often not quite. */
export function requestFor({ method, path, parameters, bodies }: Operation): fc.Arbitrary<Request> {
  const valuesIn = (where: string) => {
    const here = parameters.filter((one) => one.in === where)
    const schemas = Object.fromEntries(here.map(({ name, schema }) => [name, schema]))
    return some(schemas, where === "path" ? Object.keys(schemas) : [])
  }
  const types = Object.keys(bodies)
  const body: fc.Arbitrary<{ type: string; text: string } | undefined> =
    types.length === 0
      ? fc.constant(undefined)
      : fc
          .constantFrom(...types)
          .chain((type) =>
            (type === "application/x-ndjson"
              ? fc.array(spoiled(bodies["application/json"]?.schema.items)).map((all) => all.map(spell).join("\n"))
              : spoiled(bodies[type]?.schema).map(spell)
            ).map((text) => ({ type, text })),
          )
  return fc
    .tuple(valuesIn("path"), valuesIn("query"), valuesIn("header"), body)
    .map(([inPath, query, inHeader, sent]) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(textOf(inPath[name])))
      const search = new URLSearchParams()
      for (const [name, value] of Object.entries(query)) search.append(name, textOf(value))
      const headers = Object.entries(inHeader).map(([name, value]) => [name, textOf(value).replace(/[^ -~]/g, "")])
      return {
        method,
        path: search.size === 0 ? filled : `${filled}?${search}`,
        headers: Object.fromEntries([...headers, ...(sent === undefined ? [] : [["content-type", sent.type]])]),
        body: sent?.text,
      }
    })
}

const spell = (value: unknown) => JSON.stringify(value) ?? ""

/** What fits the schema, and one time in ten, at any depth, what may not. */
function spoiled(schema: Schema, name = ""): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: fitting(schema ?? {}, name) }, { weight: 1, arbitrary: fc.jsonValue() })
}

function fitting(schema: Schema, name: string): fc.Arbitrary<unknown> {
  const words = WORDS[name]
  const other = byType(schema)
  return words === undefined
    ? other
    : fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: other })
}

function byType(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const types = [schema.type].flat()
  if (types.length > 1) return fc.oneof(...types.map((type) => byType({ ...schema, type })))
  switch (types[0]) {
    case "string":
      return schema.pattern === undefined
        ? fc.oneof(fc.constantFrom("a", "b"), fc.string({ unit: "binary", maxLength: 40 }))
        : fc.stringMatching(new RegExp(schema.pattern), { maxLength: 20 })
    case "integer":
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 50, 50) })
    case "number":
      return fc.double({ noNaN: true })
    case "boolean":
      return fc.boolean()
    case "array":
      return fc.array(spoiled(schema.items), { minLength: schema.minItems ?? 0, maxLength: 6 })
    case "object":
      return objectOf(schema)
    default:
      return fc.jsonValue()
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  const known = some(properties, required)
  if (additionalProperties !== true && typeof additionalProperties !== "object") return known
  const more = fc.dictionary(fc.string(), spoiled(additionalProperties === true ? {} : additionalProperties))
  return fc.tuple(known, more).map(([one, other]) => ({ ...other, ...one }))
}

/** Values for those required, and for some of the others; often for none of them, since they do not all go together. */
function some(schemas: Readonly<Record<string, Schema>>, required: readonly string[]) {
  const values = Object.entries(schemas).map(([name, schema]) => [name, spoiled(schema, name)] as const)
  const few = values.filter(([name]) => required.includes(name) || name === "payload")
  const record = (entries: typeof values) =>
    fc.record(Object.fromEntries(entries), { requiredKeys: required as string[] }) as fc.Arbitrary<
      Record<string, unknown>
    >
  return fc.oneof({ weight: 2, arbitrary: record(few) }, { weight: 1, arbitrary: record(values) })
}

/** Any JSON as text: an object may have no `toString`, or one that is none. */
function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
