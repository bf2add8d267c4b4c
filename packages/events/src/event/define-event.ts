import type { StandardSchemaV1 } from "@standard-schema/spec"
import { type ErrorIssue, FabraError } from "../errors.js"
import { type AxiomEvent, createEvent, type EventInput } from "./event.js"
import { type JsonObject, joinPath } from "./json.js"
import { checkName } from "./names.js"

/**
 * A named kind of event, with the type of its payload and, if it has one, the schema that checks it.
 *
 * @typeParam Input the payload as published
 * @typeParam Output the payload as handlers get it, after the schema's defaults and transforms
 */
export interface EventDefinition<Name extends string = string, Input = JsonObject, Output = Input> {
  readonly name: Name
  /** Any Standard Schema, https://standardschema.dev (zod, valibot, arktype, …). */
  readonly schema: StandardSchemaV1<Input, Output> | undefined
  /**
   * Makes an event of this kind. The schema is checked where the event is handled, or before by {@link parse}.
   * @throws FabraError as {@link createEvent}
   */
  create(input: Omit<EventInput<Name, Input>, "eventType">): AxiomEvent<Name, Input>
  /**
   * Checks a payload against the schema and returns what a handler would get. A schema that answers at once is answered
   * at once, without a promise.
   * @throws FabraError `invalid_event` with every issue of the schema (the promise rejects with it if the schema is async)
   */
  parse(payload: unknown): Output | Promise<Output>
}

/** The event a handler gets for a definition. */
export type EventOf<Definition> =
  Definition extends EventDefinition<infer Name, infer _Input, infer Output> ? AxiomEvent<Name, Output> : never

/** Names a kind of event and gives its payload a schema, hence a type. @throws FabraError `invalid_name` */
export function defineEvent<Name extends string, Schema extends StandardSchemaV1>(
  name: Name,
  schema: Schema,
): EventDefinition<Name, StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>>
/** Names a kind of event; its payload has the given type and is not checked. @throws FabraError `invalid_name` */
export function defineEvent<Payload extends object = JsonObject, Name extends string = string>(
  name: Name,
): EventDefinition<Name, Payload>
export function defineEvent(name: string, schema?: StandardSchemaV1): EventDefinition<string, unknown> {
  checkName("event", name)
  if (schema !== undefined && typeof schema["~standard"]?.validate !== "function") {
    throw new FabraError(
      "invalid_argument",
      `The schema of event "${name}" is not a Standard Schema (https://standardschema.dev), such as one made by zod, valibot or arktype.`,
      { path: "schema" },
    )
  }
  return {
    name,
    schema,
    create: (input) => createEvent({ ...input, eventType: name } as EventInput),
    parse(payload) {
      if (schema === undefined) return payload
      const result = schema["~standard"].validate(payload)
      return result instanceof Promise ? result.then((later) => unwrap(name, later)) : unwrap(name, result)
    },
  }
}

function unwrap(name: string, result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues === undefined) return result.value
  const issues: ErrorIssue[] = result.issues.map(({ message, path = [] }) => ({
    path: path.reduce<string>((whole, part) => {
      const key = typeof part === "object" ? part.key : part
      return joinPath(whole, typeof key === "number" ? key : String(key))
    }, "payload"),
    message,
  }))
  const told = issues.map(({ path, message }) => `${path}: ${message}`).join("; ")
  throw new FabraError("invalid_event", `The payload does not match the schema of event "${name}": ${told}`, { issues })
}
