import pg from "pg"

/** Whether sessions run side by side, and what takes too long is ended there; PGlite does neither. */
export const hasServer = Boolean(process.env.FABRA_TEST_POSTGRES_URL)

/** Runs statements as the one who fills the database. */
export async function fill(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(sql)
  await client.end()
}
