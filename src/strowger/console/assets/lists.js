// The declarative table: rows that open, fields outside the toolbar's form, exports of what is shown, live lists.
import htmx from "htmx.org/dist/htmx.esm.js";
import { $, on } from "./base.js";
import { listen } from "./live.js";

const FRESH_MS = 1000;

on("click", "tr[data-href]", (e, row) => {
  if (e.target.closest("a, button, input, label, summary, details") || String(getSelection())) return;
  if (e.metaKey || e.ctrlKey) window.open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
});

// Fields that belong to the toolbar's form but stand outside of it do not bubble into it.
document.addEventListener("change", (e) => {
  const form = e.target.form;
  if (form?.matches("[data-table-form]") && !form.contains(e.target)) form.requestSubmit();
});

// One box chooses every row of the page.
on("change", "[data-choose-all]", (_, box) => {
  for (const one of box.closest("table").querySelectorAll("[data-choose]")) one.checked = box.checked;
});

// A time preset and a range exclude each other.
on("input", '[data-table-form] input[type="datetime-local"]', (_, input) => {
  const any = $('input[type="radio"][value=""]', input.closest("fieldset"));
  if (any) any.checked = true;
});
on("change", '[data-table-form] input[type="radio"]', (_, radio) => {
  if (!radio.value) return;
  for (const end of radio.closest("fieldset").querySelectorAll('input[type="datetime-local"]')) end.value = "";
});

// The links stand in the toolbar, which is not replaced with the rows: take the state from the rows.
on("click", "a[data-export]", (_, link) => {
  const here = $(`#${link.dataset.list}-results`)?.dataset.url;
  if (!here) return;
  const url = new URL(here, location.href);
  url.searchParams.delete("after");
  url.searchParams.delete("before");
  url.searchParams.set("export", link.dataset.export);
  link.href = url.pathname + url.search;
});

for (const list of document.querySelectorAll("[data-live-list]")) {
  let timer = 0;
  listen(list.dataset.liveList.split(","), () => {
    timer ||= setTimeout(async () => {
      const rows = $(".results", list);
      const busy = list.contains(document.activeElement) && document.activeElement.closest(".results");
      if (rows?.hasAttribute("data-first") && !busy && !$("details[open]", rows) && !document.hidden) {
        await htmx.ajax("GET", rows.dataset.url, { target: `#${rows.id}`, swap: "outerHTML" });
      }
      timer = 0;
    }, FRESH_MS);
  });
}
