/** How events are written in a file: one JSON object a line, or a table with a header. */
export type Format = "ndjson" | "csv"
