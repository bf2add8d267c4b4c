import type { ErrorIssue } from "@fabra/events"
import { didYouMean, joinPath, show } from "@fabra/events/adapter"
import type { ErrorObject } from "ajv"
import { MAX_ISSUES } from "../answer/problem.js"

/** What a schema has against a request. */
export interface Faults {
  readonly detail: string
  readonly path: string
  readonly issues: readonly ErrorIssue[]
  /** What would have been accepted in place of the first fault, where that is a list. */
  readonly allowed: readonly string[] | undefined
}

/** Spells the errors of a schema for people. @param root path of what was checked; `""` for the body */
export function toFaults(errors: readonly ErrorObject[], root: string): Faults {
  const described = errors.slice(0, MAX_ISSUES).map((error) => describe(error, root))
  const issues = described.map(({ path, message }) => ({ path, message }))
  const told = issues.slice(0, 5).map(({ path, message }) => `${path === "" ? "It" : path} ${message}`)
  const rest = errors.length > 5 ? `; and ${errors.length - 5} more` : ""
  const [first] = described
  return { detail: `${told.join("; ")}${rest}`, path: first?.path ?? root, issues, allowed: first?.allowed }
}

function describe(error: ErrorObject, root: string): ErrorIssue & { readonly allowed?: readonly string[] } {
  const path = pathOf(error.instancePath, root)
  const { keyword, params, message = "is not valid", data } = error
  switch (keyword) {
    case "required":
      return { path: joinPath(path, params.missingProperty), message: "is missing" }
    case "additionalProperties": {
      const allowed = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
      const name = params.additionalProperty
      const hint = didYouMean(name, allowed)
      return { path: joinPath(path, name), message: hint === "" ? "is not known" : `is not known.${hint}`, allowed }
    }
    case "type":
      return { path, message: `is ${show(data)}: it must be ${kindOf(params.type)}` }
    case "const":
      return { path, message: `is ${show(data)}: it must be ${show(params.allowedValue)}` }
    case "enum":
      return {
        path,
        message: `is ${show(data)}: it must be one of ${params.allowedValues.join(", ")}`,
        allowed: params.allowedValues.map(String),
      }
    case "minLength":
      return { path, message: "must not be empty" }
    default:
      return { path, message: typeof data === "object" ? message : `is ${show(data)}: it ${message}` }
  }
}

function kindOf(type: string | readonly string[]): string {
  const kinds = typeof type === "string" ? type.split(",") : type
  return kinds.map((kind) => (/^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`)).join(" or ")
}

function pathOf(pointer: string, root: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, part) => joinPath(path, /^\d+$/.test(part) ? Number(part) : part), root)
}
