import { didYouMean } from "@fabra/events/adapter"
import { settings } from "./table.js"

/** Variables of other parts of Fabra. */
const ELSEWHERE = [
  "FABRA_TEST_REDIS_URL",
  "FABRA_TEST_REDIS_SERVER",
  "FABRA_TEST_REDIS_ACL",
  "FABRA_TEST_POSTGRES_URL",
  "FABRA_TEST_PGLITE_TEMPLATE",
]

/** A sentence for every variable that begins like ours and is none: a typing error would be silently without effect. */
export function warnUnknown(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...Object.values(settings).map((one) => one.env), ...ELSEWHERE]
  return Object.keys(env)
    .filter((name) => name.startsWith("FABRA_") && !known.includes(name))
    .map((name) => `${name} is not a setting of fabra.${didYouMean(name, known)}`)
}
