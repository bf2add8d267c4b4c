import type { EventDefinition, JsonObject, JsonValue } from "@fabra/events"

/** The parts of JSON Schema that a sample is made from. */
interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly const?: JsonValue
  readonly enum?: readonly JsonValue[]
  readonly default?: JsonValue
  readonly examples?: readonly JsonValue[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly format?: string
  readonly minLength?: number
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
}

/**
 * A payload that the event's schema takes, for a first try; `undefined` when none can be made up. Schemas tell what they
 * are as https://standardschema.dev/json-schema describes.
 */
export async function samplePayload(
  event: EventDefinition<string, any, any> | undefined,
): Promise<JsonObject | undefined> {
  if (event?.schema === undefined) return {}
  try {
    const standard = event.schema["~standard"] as { jsonSchema?: { input(options: object): unknown } }
    const schema = standard.jsonSchema?.input({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } })
    const payload = sample((schema ?? {}) as JsonSchema) as JsonObject
    await event.parse(payload)
    return payload
  } catch {
    return undefined
  }
}

function sample(schema: JsonSchema): JsonValue {
  const given = schema.const ?? schema.default ?? schema.examples?.[0] ?? schema.enum?.[0]
  if (given !== undefined) return given
  const [first] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []
  if (first !== undefined) return sample(first)
  switch (typeof schema.type === "object" ? schema.type[0] : schema.type) {
    case "string":
      return sampleText(schema)
    case "number":
      return sampleNumber(schema, 99.99)
    case "integer":
      return sampleNumber(schema, 1)
    case "boolean":
      return true
    case "null":
      return null
    case "array":
      return Array.from({ length: schema.minItems ?? 1 }, () => sample(schema.items ?? {}))
    default:
      return sampleObject(schema)
  }
}

function sampleObject({ properties = {}, required = [] }: JsonSchema): JsonValue {
  const wanted = Object.entries(properties).filter(([name]) => required.includes(name))
  return Object.fromEntries(wanted.map(([name, schema]) => [name, sample(schema)]))
}

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-31T12:00:00Z",
  date: "2026-01-31",
  time: "12:00:00",
  email: "ann@example.com",
  uri: "https://example.com/",
  uuid: "8d3b5c1e-7a52-4c6f-9d0e-2b1a4f6c8e90",
}

function sampleText({ format = "", minLength = 0 }: JsonSchema): string {
  return FORMATS[format] ?? "example".padEnd(minLength, "-")
}

function sampleNumber(schema: JsonSchema, usual: number): number {
  const least = schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + 1)
  const most = schema.maximum ?? (schema.exclusiveMaximum === undefined ? undefined : schema.exclusiveMaximum - 1)
  return Math.min(Math.max(usual, least ?? usual), most ?? Number.POSITIVE_INFINITY)
}
