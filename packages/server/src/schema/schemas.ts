import { type Static, type TSchema, Type } from "@sinclair/typebox"
import { PROBLEM_STATUS, type ProblemCode } from "../answer/problem.js"
import { DURATION_PATTERN } from "./duration.js"

/** An object that may hold nothing but what is listed. */
export const strict = { additionalProperties: false } as const

/** The same, under a name of its own in the OpenAPI document: see `docs-of-schemas.ts` in `src`. */
export const named = (name: string) => ({ ...strict, "x-fabra-name": name })

export const EntityId = Type.String({
  minLength: 1,
  description: "Any text of 1 to 1024 bytes in UTF-8: slashes, spaces and emoji included.",
  examples: ["user_123"],
})

export const EventId = Type.String({
  minLength: 1,
  description: "1 to 256 bytes in UTF-8, no control characters. The same id for the same entity is taken once.",
  examples: ["evt_01jz3m6q8r9s0t1v2w3x4y5z6a"],
})

/** Text or number; not a union of schemas, whose faults would be told twice. */
export const Timestamp = Type.Unsafe<string | number>({
  type: ["string", "number"],
  description: "ISO 8601, or epoch milliseconds (seconds when below 1e11). Default: now.",
  examples: ["2026-01-31T12:00:00Z"],
})

export const Payload = Type.Object({}, { additionalProperties: true, description: "What the event says." })

export const Duration = Type.String({ pattern: DURATION_PATTERN })

/** ISO 8601 in answers. */
export const Time = Type.String({ format: "date-time" })

export const Nullable = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema> | null>({ ...schema, type: [schema.type as string, "null"] })

export const FeatureValueBody = Type.Object(
  {
    value: Type.Any({ description: "JSON; a Date as ISO 8601, a bigint as its digits. null when there is none." }),
    status: Type.Unsafe<"PRESENT" | "STALE" | "DEFAULT" | "MISSING">({
      type: "string",
      enum: ["PRESENT", "STALE", "DEFAULT", "MISSING"],
    }),
    event_time: Nullable(Time),
    computed_at: Nullable(Time),
    tolerance_ms: Type.Optional(
      Type.Number({
        description: "Only of a value that is not exact: by so many milliseconds the edge of its window may be off.",
      }),
    ),
  },
  named("FeatureValue"),
)

/** Values by the name of their feature. */
export const FeatureValues = Type.Unsafe<Record<string, Static<typeof FeatureValueBody>>>({
  type: "object",
  additionalProperties: FeatureValueBody,
})

/** What an error answer holds. */
export const ProblemFields = {
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: "For people." }),
  code: Type.Unsafe<ProblemCode>({ type: "string", enum: Object.keys(PROBLEM_STATUS), description: "For programs." }),
  path: Type.Optional(Type.String({ description: "Where the fault lies, as payload.items[2].price." })),
  allowed: Type.Optional(Type.Array(Type.String())),
  issues: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }, strict))),
  event_id: Type.Optional(Type.String({ description: "The event it is about: send it again under this id." })),
}

const ProblemSchema = Type.Object(ProblemFields, named("Problem"))

/** The answers that are errors, for the OpenAPI document. */
export function problems(...statuses: readonly number[]): Record<number, object> {
  const content = { "application/problem+json": { schema: ProblemSchema } }
  return Object.fromEntries(
    [...new Set([...statuses, 401, 403, 429])].map((status) => [status, { description: codesOf(status), content }]),
  )
}

function codesOf(status: number): string {
  const codes = Object.keys(PROBLEM_STATUS) as ProblemCode[]
  return codes.filter((code) => PROBLEM_STATUS[code] === status).join(", ")
}
