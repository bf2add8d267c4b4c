import type { Static, TSchema } from "@sinclair/typebox"
import { Ajv, type ValidateFunction } from "ajv"
import type { FastifySchemaCompiler } from "fastify"
import { Problem, type ProblemCode } from "../answer/problem.js"
import { toFaults } from "./issues.js"

const settings = { verbose: true, strict: false } as const

/** Bodies are JSON: what has the wrong type is wrong. */
const forBodies = new Ajv(settings)
/** Tells every fault of a body, not only the first. */
const forFaults = new Ajv({ ...settings, allErrors: true })
/** Queries and headers are text: `limit=10` is a number. They are short. */
const forTexts = new Ajv({ ...settings, allErrors: true, coerceTypes: true })

/** All faults are looked for in values of at most this many parts: a wrong body of a megabyte would take a second. */
const MAX_PARTS = 1000

const ROOTS: Readonly<Record<string, string>> = { querystring: "query", headers: "headers", params: "params" }

/** Has Fastify check requests by the schemas of their routes, which are also what the OpenAPI document shows. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = "body", url }) => {
  const isBody = httpPart === "body"
  const validate = isBody ? bodyValidator(schema) : forTexts.compile(schema)
  const code = isBody && url?.startsWith("/ingest") ? "invalid_event" : "invalid_request"
  return (data) => {
    if (validate(data)) return { value: data }
    return { error: problemOf(validate, ROOTS[httpPart] ?? "", code) }
  }
}

/** A check of JSON by a schema, for what Fastify does not see by itself. The check throws `code`. */
export function checker<Schema extends TSchema>(
  schema: Schema,
  code: ProblemCode,
): (value: unknown) => asserts value is Static<Schema> {
  const validate = bodyValidator(schema)
  return (value) => {
    if (!validate(value)) throw problemOf(validate, "", code)
  }
}

type Validator = { errors?: ValidateFunction["errors"] } & ((value: unknown) => boolean)

function bodyValidator(schema: TSchema): Validator {
  const first = forBodies.compile(schema)
  const all = forFaults.compile(schema)
  const validate: Validator = (value) => {
    if (first(value)) return true
    validate.errors = hasFewParts(value) && !all(value) ? all.errors : first.errors
    return false
  }
  return validate
}

/** Whether a JSON value holds no more than {@link MAX_PARTS} values, itself included. */
function hasFewParts(value: unknown): boolean {
  const found = [value]
  for (let i = 0; i < found.length; i++) {
    const one = found[i]
    if (typeof one !== "object" || one === null) continue
    for (const key in one) {
      if (found.push((one as Record<string, unknown>)[key]) > MAX_PARTS) return false
    }
  }
  return true
}

function problemOf({ errors }: Validator, root: string, code: ProblemCode): Problem {
  const { detail, path, issues, allowed } = toFaults(errors ?? [], root)
  return new Problem(code, detail, { path, issues, allowed })
}
