const switches: ((mutation: number | undefined) => void)[] = []

/** Called by each file that has variants: `choose` puts that of a mutation in its place, or the original. */
export function onSwitch(choose: (mutation: number | undefined) => void): void {
  switches.push(choose)
}

/** From now on the code is that of a mutation, by its place among those bundled; `undefined`: as it is. */
export function switchTo(mutation: number | undefined): void {
  for (const choose of switches) choose(mutation)
}
