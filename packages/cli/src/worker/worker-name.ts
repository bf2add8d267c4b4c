import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { hostname } from "node:os"

/** What engines leave in each of their containers. */
const MARKS = ["/.dockerenv", "/run/.containerenv"]

/** The name of a container, which one that is started in its place often bears too; `undefined` elsewhere. */
export function containerName(): string | undefined {
  const isContainer = process.env.KUBERNETES_SERVICE_HOST !== undefined || MARKS.some((mark) => existsSync(mark))
  return isContainer ? hostname() : undefined
}

/** A name for workers that nobody named, unlike all others. */
export function madeUpName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`
}
