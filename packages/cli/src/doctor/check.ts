/** One line of `fabra doctor`. */
export interface Check {
  /** What was looked at. */
  readonly name: string
  readonly status: "ok" | "warn" | "fail"
  /** What was found. */
  readonly found: string
  /** How to mend it; absent when there is nothing to mend. */
  readonly mend?: string
}

export const ok = (name: string, found: string): Check => ({ name, status: "ok", found })
export const warn = (name: string, found: string, mend: string): Check => ({ name, status: "warn", found, mend })
export const fail = (name: string, found: string, mend: string): Check => ({ name, status: "fail", found, mend })
