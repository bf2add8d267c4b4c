import type { IncomingHttpHeaders } from "node:http"
import { isPlainObject } from "@fabra/events/adapter"
import { type Static, Type } from "@sinclair/typebox"
import { headerPath, Problem } from "../answer/problem.js"
import { Payload } from "../schema/schemas.js"
import { checker } from "../schema/validation.js"
import type { EventFields } from "./event-fields.js"

/** A CloudEvent as Fabra takes it, https://github.com/cloudevents/spec (1.0). Its extensions are left out. */
export const CloudEvent = Type.Object(
  {
    specversion: Type.Literal("1.0"),
    id: Type.String({ minLength: 1 }),
    source: Type.String({ minLength: 1, pattern: "^\\S+$", description: "Together with id it is the event_id." }),
    type: Type.String({ minLength: 1, description: "The event_type." }),
    subject: Type.String({ minLength: 1, description: "The entity_id." }),
    time: Type.Optional(Type.String({ description: "The timestamp." })),
    datacontenttype: Type.Optional(Type.String({ pattern: "^[^;]*[/+]json *(;.*)?$" })),
    data: Type.Optional(Payload),
    traceparent: Type.Optional(Type.String()),
  },
  { "x-fabra-name": "CloudEvent" },
)

const check: (value: unknown) => asserts value is Static<typeof CloudEvent> = checker(CloudEvent, "invalid_event")

/** Reads a CloudEvent in structured mode. @throws Problem `invalid_event` */
export function fromCloudEvent(value: unknown): EventFields {
  // An attribute of null is one that is not set.
  const event = isPlainObject(value)
    ? Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null))
    : value
  if (isPlainObject(event) && Object.hasOwn(event, "data_base64")) {
    throw new Problem("invalid_event", "data_base64 is not taken: send JSON, in data.", { path: "data_base64" })
  }
  check(event)
  const { id, source, type, subject, time, data, traceparent } = event
  return {
    // An id counts within its source only, and a source, being a URI reference, holds no space.
    event_id: `${source} ${id}`,
    event_type: type,
    entity_id: subject,
    timestamp: time,
    payload: data,
    traceparent,
  }
}

/** Whether a request is a CloudEvent in binary mode: attributes in headers, data in the body. */
export function isBinaryMode(headers: IncomingHttpHeaders): boolean {
  return headers["ce-specversion"] !== undefined
}

/** Reads a CloudEvent in binary mode. @throws Problem `invalid_event` */
export function fromBinaryMode(headers: IncomingHttpHeaders, data: unknown): EventFields {
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith("ce-") && typeof value === "string" ? [[name.slice(3), decode(name, value)]] : [],
  )
  return fromCloudEvent({ ...Object.fromEntries(attributes), data })
}

function decode(name: string, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw new Problem("invalid_event", `The header ${name} is not well-formed percent-encoding.`, {
      path: headerPath(name),
    })
  }
}
