import type { FeatureStore } from "@fabra/core"
import { payloadSchema } from "./schema/payload-schema.js"

/** What of an operation of an OpenAPI document is read and changed here. */
interface Operation {
  readonly parameters?: readonly { readonly name?: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: ObjectSchema }>> }
}

interface ObjectSchema {
  readonly $schema?: string
  readonly "x-fabra-name"?: string
  readonly properties?: object
  readonly required?: readonly string[]
}

type Paths = Readonly<Record<string, { readonly post?: Operation } | undefined>>

const ANY_EVENT = "/ingest/{event_type}"

/** Heading of the user's own events on the page. */
export const OWN_EVENTS = "your events"

/** The paths of a document, and one more for each event of the store, with what its payload holds: to read and to try out. */
export function withOwnEvents<Document extends { readonly paths?: object }>(
  document: Document,
  { registry }: FeatureStore,
): Document {
  const paths = (document.paths ?? {}) as Paths
  const post = paths[ANY_EVENT]?.post
  if (post === undefined) return document
  const own = registry.eventTypes.map((eventType) => {
    const changed = registry.changedBy(eventType).map(({ entity, name }) => `${entity.name}.${name}`)
    const operation = {
      ...post,
      operationId: `ingest_${eventType}`,
      tags: [OWN_EVENTS],
      summary: `Take one ${eventType}`,
      description: `Changes ${changed.join(", ")}.`,
      parameters: post.parameters?.filter(({ name }) => name !== "event_type"),
      requestBody: withPayload(post.requestBody, payloadSchema(registry.events.get(eventType))),
    }
    return [`/ingest/${encodeURIComponent(eventType)}`, { post: operation }]
  })
  return { ...document, paths: { ...Object.fromEntries(own), ...paths } }
}

/** The body without the example of any event, and with the payload of this one. */
function withPayload(body: Operation["requestBody"], payload: object | null): Operation["requestBody"] {
  if (body === undefined) return undefined
  const content = Object.entries(body.content).map(([type, { schema = {} }]) => [
    type,
    { schema: eventSchema(schema, payload) },
  ])
  return { ...body, content: Object.fromEntries(content) }
}

function eventSchema(anyEvent: ObjectSchema, payload: ObjectSchema | null): object {
  // Its references mean its own root, which it loses here.
  if (payload === null || JSON.stringify(payload).includes('"$ref"')) return anyEvent
  const { $schema: _, ...own } = payload
  const { "x-fabra-name": __, properties, required = [], ...others } = anyEvent
  const needsPayload = (payload.required ?? []).length > 0
  return {
    ...others,
    properties: { ...properties, payload: own },
    required: needsPayload ? [...new Set([...required, "payload"])] : required,
  }
}
