// Draws what chart blocks describe; their tables hold the same numbers.
import { BarChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, PieChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const still = matchMedia("(prefers-reduced-motion: reduce)");
const drawn = new Map();
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const DASHES = ["solid", "dashed", "dotted"];

function colour(series, place) {
  return style(series.tone ? `--${series.tone}` : `--chart-${(place % 6) + 1}`);
}

function lines(spec) {
  const bars = spec.kind === "bar" || spec.kind === "stacked";
  return spec.series.flatMap((series, place) => {
    const own = {
      name: series.label,
      type: bars ? "bar" : "line",
      data: series.values,
      color: colour(series, place),
      symbol: spec.categories.length > 60 ? "none" : "circle",
      symbolSize: 5,
      lineStyle: { width: 2, type: DASHES[place % 3] },
      stack: spec.kind === "stacked" ? "all" : undefined,
      barMaxWidth: 28,
      itemStyle: bars ? { borderRadius: 3 } : undefined,
      areaStyle: spec.kind === "area" ? { opacity: 0.12 } : undefined,
    };
    if (!series.previous.length) return [own];
    const before = { name: `${series.label}, period before`, type: "line", data: series.previous, symbol: "none" };
    return [own, { ...before, color: colour(series, place), lineStyle: { width: 1, type: "dashed", opacity: 0.6 } }];
  });
}

function options(spec) {
  const text = style("--text-2");
  const shared = {
    animation: !still.matches,
    textStyle: { fontFamily: style("--font"), color: text },
    tooltip: {
      trigger: spec.kind === "doughnut" ? "item" : "axis",
      backgroundColor: style("--raised"),
      borderColor: style("--line"),
      textStyle: { color: style("--text"), fontSize: 12 },
      valueFormatter: (value) => (value == null ? "–" : `${value.toLocaleString()}${spec.unit ? ` ${spec.unit}` : ""}`),
    },
    legend: { bottom: 0, icon: "circle", itemWidth: 8, textStyle: { color: text }, show: spec.series.length > 1 || spec.kind === "doughnut" },
    aria: { enabled: true, decal: { show: spec.kind !== "line" && spec.series.length > 1 } },
  };
  if (spec.kind === "doughnut") {
    const data = spec.categories.map((name, i) => ({ name, value: spec.series[0].values[i], itemStyle: { color: style(`--chart-${(i % 6) + 1}`) } }));
    return { ...shared, series: [{ type: "pie", radius: ["58%", "80%"], data, label: { show: false }, itemStyle: { borderColor: style("--surface"), borderWidth: 2 } }] };
  }
  return {
    ...shared,
    grid: { left: 4, right: 8, top: 12, bottom: spec.series.length > 1 ? 32 : 4, outerBoundsMode: "same" },
    xAxis: { type: "category", data: spec.categories, axisLine: { lineStyle: { color: style("--line") } }, axisTick: { show: false }, axisLabel: { color: text } },
    yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: style("--line") } }, axisLabel: { color: text } },
    series: lines(spec),
  };
}

function draw(box) {
  drawn.get(box)?.dispose();
  const chart = init(box, null, { renderer: "svg" });
  chart.setOption(options(JSON.parse(box.dataset.chart)));
  drawn.set(box, chart);
}

const size = new ResizeObserver((entries) => entries.forEach((entry) => drawn.get(entry.target)?.resize()));

function drawAll(root = document) {
  for (const box of root.querySelectorAll("[data-chart]")) {
    draw(box);
    size.observe(box);
  }
}

if (!window.strowgerCharts) {
  window.strowgerCharts = true;
  drawAll();
  document.addEventListener("htmx:load", (e) => e.detail.elt !== document.body && drawAll(e.detail.elt.parentElement));
  document.documentElement.addEventListener("strowger:theme", () => drawAll());
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-chart-table]");
    if (!button) return;
    const table = document.getElementById(`${button.dataset.chartTable}-table`);
    table.hidden = !table.hidden;
    button.setAttribute("aria-expanded", !table.hidden);
  });
}
