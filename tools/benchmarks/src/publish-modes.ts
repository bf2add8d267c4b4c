/** How events reach `publish`: each awaited, 50 at once, or a thousand a call. */
export const PUBLISH_MODES = { one_by_one: 1, concurrent: 50, batches: 1000 } as const

/** One of {@link PUBLISH_MODES}. */
export type PublishMode = keyof typeof PUBLISH_MODES
