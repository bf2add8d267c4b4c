import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import Papa from "papaparse"

/** One line of an invoice, every field as the text that stands in the file. */
export interface RetailLine {
  /** Where it stands in the file; the header is line 1. */
  readonly number: number
  readonly invoiceNo: string
  readonly stockCode: string
  readonly description: string
  readonly quantity: string
  readonly invoiceDate: string
  readonly unitPrice: string
  /** Empty where the shop did not know. */
  readonly customerId: string
  readonly country: string
}

const FILE = new URL("../data/online-retail.csv.gz", import.meta.url)

/** Streams the data set in portions of some thousand lines, the first `limit` lines of it. */
export async function* readLines(limit = Number.POSITIVE_INFINITY): AsyncGenerator<RetailLine[]> {
  let number = 1
  for await (const rows of readRows()) {
    const wanted = rows.slice(0, limit + 1 - number)
    yield wanted.map((row) => toLine(row, ++number))
    if (wanted.length < rows.length) return
  }
}

/** No field of this file holds a line break, so it can be parsed in portions that end where a line ends. */
async function* readRows(): AsyncGenerator<string[][]> {
  const chunks = createReadStream(FILE)
    .pipe(createGunzip({ chunkSize: 256 * 1024 }))
    .setEncoding("utf8")
  let isFirst = true
  let rest = ""
  for await (const chunk of chunks) {
    const text = rest + chunk
    const end = text.lastIndexOf("\n") + 1
    rest = text.slice(end)
    const { data } = Papa.parse<string[]>(text.slice(0, end), { delimiter: ",", skipEmptyLines: true })
    yield isFirst ? data.slice(1) : data
    isFirst = false
  }
}

function toLine(row: readonly string[], number: number): RetailLine {
  const [invoiceNo = "", stockCode = "", description = "", quantity = ""] = row
  const [invoiceDate = "", unitPrice = "", customerId = "", country = ""] = row.slice(4)
  return { number, invoiceNo, stockCode, description, quantity, invoiceDate, unitPrice, customerId, country }
}
