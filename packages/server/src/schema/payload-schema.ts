import type { EventDefinition } from "@fabra/events"

/** JSON Schema of an event's payload; `null` where none is known. Asks the schema for itself (https://standardschema.dev/json-schema), which not every library can. */
export function payloadSchema(definition: EventDefinition<string, any, any> | undefined): object | null {
  const standard = definition?.schema?.["~standard"] as
    | { readonly jsonSchema?: { input(options: { readonly target: string }): object } }
    | undefined
  try {
    return standard?.jsonSchema?.input({ target: "draft-2020-12" }) ?? null
  } catch {
    return null // it has something, such as a transform, that JSON Schema cannot say
  }
}
