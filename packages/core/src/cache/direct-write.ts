import { type Clock, FabraError } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"
import type { DirectWrite, FeatureCache } from "./cache.js"
import { newToken } from "./token.js"

const TRIES = 5
const RETRY_MS = 100

/**
 * Sets values outside of event processing, again when the cache has not answered: it knows the token of the last try (rule R11).
 * @throws FabraError `cache_unavailable`
 */
export async function writeDirectly(
  { cache, clock }: { readonly cache: FeatureCache; readonly clock: Clock },
  write: Omit<DirectWrite, "token">,
): Promise<void> {
  const token = newToken()
  let failure: FabraError | undefined
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await sleep(clock, RETRY_MS * 2 ** attempt)
    try {
      const [result] = await cache.write([{ ...write, token }])
      if (result?.status === "applied") return
      failure = result?.error
    } catch (error) {
      failure = FabraError.from(error, "cache_unavailable")
    }
  }
  throw failure ?? new FabraError("cache_unavailable", "The cache gave no answer.")
}
