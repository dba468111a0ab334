// The list's "n new", the message page's refresh, and the quick filters of the live tail.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const GATHER_MS = 700;
const CATCH_UP_MS = [250, 900, 2000];

// New rows are only counted, so that nothing moves under the reader; rows that are shown take their new state at once.
class FreshList {
  constructor(bar) {
    this.bar = bar;
    this.pill = $("[data-fresh-show]", bar);
    this.list = document.getElementById(bar.dataset.freshList);
    this.pill.addEventListener("click", () => this.show());
    window.strowger.listen(bar.dataset.fresh.split(","), () => (this.timer ||= setTimeout(() => this.look(), GATHER_MS)));
    document.addEventListener("htmx:afterSwap", (e) => this.list.contains(e.detail.target) && this.tell(0));
  }

  get results() {
    return $(".results", this.list);
  }

  rows(root) {
    return new Map($$("tbody tr[data-href]", root).map((row) => [row.dataset.href, row]));
  }

  async look() {
    const results = this.results;
    const shown = results.dataset.url;
    try {
      const answer = await fetch(shown, { headers: { "HX-Request": "true" } });
      if (!answer.ok || this.results.dataset.url !== shown) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [now, then] = [this.rows(page), this.rows(results)];
      for (const [path, row] of now) this.renew(then.get(path), row);
      const fresh = [...now.keys()].filter((path) => !then.has(path)).length;
      if (results.hasAttribute("data-first")) this.tell(fresh, fresh && fresh === now.size);
    } catch {
      // The feed's own banner tells of a lost connection.
    } finally {
      this.timer = 0;
    }
  }

  renew(old, row) {
    if (!old || old.contains(document.activeElement) || old.textContent === row.textContent) return;
    old.replaceWith(document.adoptNode(row));
  }

  tell(count, more = false) {
    this.pill.hidden = !count;
    $("[data-fresh-text]", this.pill).textContent = count ? `${count}${more ? "+" : ""} new` : "";
  }

  async show() {
    this.tell(0);
    await window.htmx.ajax("GET", this.results.dataset.url, { target: `#${this.results.id}`, swap: "outerHTML" });
    this.list.scrollIntoView({ block: "nearest" });
  }
}

for (const bar of $$("[data-fresh]")) new FreshList(bar);

// A message's page asks for itself when something was told about it; what the reader has opened stays open.
const message = $("[data-message]");
if (message) {
  const id = message.dataset.message;
  const refresh = () => window.htmx.trigger("#message", "refresh");
  window.strowger.listen(["messages"], (data, topic) => {
    if (topic === "reset" || data.ids?.includes(id)) refresh();
  });
  // What happened between the page's making and the feed's beginning.
  for (const ms of CATCH_UP_MS) setTimeout(refresh, ms);
  let open = [];
  document.addEventListener("htmx:beforeSwap", (e) => {
    if (e.detail.target.id === "message") open = $$("details[open][id]", e.detail.target).map((box) => box.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const box of open) {
      const again = document.getElementById(box);
      if (again) again.open = true;
    }
  });
}

// The tail filters by words: a button puts its word in, or takes it out.
const filter = $("[data-live-filter]");
function words() {
  return filter.value.split(/\s+/).filter(Boolean);
}
function mark() {
  for (const button of $$("[data-quick-filter]")) {
    button.setAttribute("aria-pressed", words().includes(button.dataset.quickFilter));
  }
}
if (filter) {
  filter.addEventListener("input", mark);
  for (const button of $$("[data-quick-filter]")) {
    button.addEventListener("click", () => {
      const word = button.dataset.quickFilter;
      const kept = words().filter((one) => one !== word);
      filter.value = (kept.length < words().length ? kept : [...kept, word]).join(" ");
      filter.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}
