import * as echarts from "echarts"
import type { Figures } from "../figures.js"
import type { GrowthName } from "../sizes.js"

const WIDTH = 760

/** Pictures of a run, by file name: SVG, drawn without a browser. */
export function allPlots(figures: Figures): Map<string, string> {
  const plots = new Map<string, string>()
  if (figures.throughput.length > 0) plots.set("throughput.svg", throughputPlot(figures))
  for (const [what, title] of Object.entries(GROWTH_TITLES) as [GrowthName, string][]) {
    if (figures.growth.some((row) => row.what === what)) plots.set(`${what}.svg`, growthPlot(figures, what, title))
  }
  return plots
}

const GROWTH_TITLES: Readonly<Record<GrowthName, string>> = {
  backlog: "events in the backlog",
  features: "features per event",
  entities: "entities",
  value_length: "characters of one value",
}

function throughputPlot({ throughput }: Figures): string {
  const best = new Map<string, number>()
  for (const { title, eventsPerSecond } of throughput) {
    best.set(title, Math.max(best.get(title) ?? 0, eventsPerSecond.median))
  }
  const rows = [...best].sort(([, a], [, b]) => a - b)
  return draw(80 + 32 * rows.length, {
    title: { text: "Events per second, each at its best placement (logarithmic)" },
    grid: { left: 300, right: 80 },
    xAxis: { type: "log" },
    yAxis: { type: "category", data: rows.map(([title]) => title) },
    series: [
      {
        type: "bar",
        data: rows.map(([, value]) => Math.round(value)),
        label: { show: true, position: "right" },
      },
    ],
  })
}

function growthPlot({ growth }: Figures, what: GrowthName, title: string): string {
  const rows = growth.filter((row) => row.what === what)
  return draw(320, {
    title: { text: `Throughput and memory by ${title}` },
    legend: { top: 30 },
    grid: { top: 80, left: 80, right: 80 },
    xAxis: { type: "category", name: title, nameLocation: "middle", nameGap: 28, data: rows.map(({ value }) => value) },
    yAxis: [
      { type: "value", name: "events/s", min: 0 },
      { type: "value", name: "MiB", min: 0 },
    ],
    series: [
      { name: "events/s", type: "line", data: rows.map(({ eventsPerSecond }) => Math.round(eventsPerSecond)) },
      {
        name: "peak memory, MiB",
        type: "line",
        yAxisIndex: 1,
        data: rows.map(({ peakBytes }) => Math.round(peakBytes / 2 ** 20)),
      },
    ],
  })
}

function draw(height: number, option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height })
  chart.setOption({ animation: false, backgroundColor: "#fff", ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}
