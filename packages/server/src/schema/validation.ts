import type { Static, TSchema } from "@sinclair/typebox"
import { Ajv, type ValidateFunction } from "ajv"
import type { FastifySchemaCompiler } from "fastify"
import { Problem, type ProblemCode } from "../answer/problem.js"
import { toFaults } from "./issues.js"

// Every fault is told, not only the first; bodies are bounded, and so is what is told.
const settings = { allErrors: true, verbose: true, strict: false } as const

/** Bodies are JSON: what has the wrong type is wrong. */
const forBodies = new Ajv(settings)
/** Queries and headers are text: `limit=10` is a number. */
const forTexts = new Ajv({ ...settings, coerceTypes: true })

const ROOTS: Readonly<Record<string, string>> = { querystring: "query", headers: "headers", params: "params" }

/** Has Fastify check requests by the schemas of their routes, which are also what the OpenAPI document shows. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = "body", url }) => {
  const validate = (httpPart === "body" ? forBodies : forTexts).compile(schema)
  const code = httpPart === "body" && url?.startsWith("/ingest") ? "invalid_event" : "invalid_request"
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
  const validate = forBodies.compile(schema)
  return (value) => {
    if (!validate(value)) throw problemOf(validate, "", code)
  }
}

function problemOf({ errors }: ValidateFunction, root: string, code: ProblemCode): Problem {
  const { detail, path, issues, allowed } = toFaults(errors ?? [], root)
  return new Problem(code, detail, { path, issues, allowed })
}
