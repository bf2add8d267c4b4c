/** Waits for what is being started side by side. @throws what the first one failed with, when the others are stopped */
export async function startAll<T extends { stop(): Promise<void> }>(starting: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(starting)
  const started = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []))
  const failed = outcomes.find((outcome) => outcome.status === "rejected")
  if (failed === undefined) return started
  await Promise.all(started.map((one) => one.stop()))
  throw failed.reason
}
