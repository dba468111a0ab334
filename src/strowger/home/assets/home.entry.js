// The page follows what happens: at most one request every few seconds, and none while a table of numbers is read.
const GATHER_MS = 800;
const REST_MS = 4000;
const now = document.querySelector("[data-home]");
const chart = document.getElementById("home-chart");
let planned = 0;
let last = 0;

function refresh() {
  planned = 0;
  last = Date.now();
  if (!now.contains(document.activeElement)) window.htmx.trigger(now, "refresh");
  const reading = chart.querySelector('[data-chart-table][aria-expanded="true"]');
  if (!reading && !chart.contains(document.activeElement)) window.htmx.trigger(chart, "refresh");
}

window.strowger.listen(["messages"], () => {
  planned ||= setTimeout(refresh, Math.max(GATHER_MS, last + REST_MS - Date.now()));
});
