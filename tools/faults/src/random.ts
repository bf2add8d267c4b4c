import { Random } from "@fabra/test-support/random"

/** Chance that a seed repeats. */
export const randomOf = (seed: number): Random => new Random(Math.imul(seed, 0x9e3779b1))
