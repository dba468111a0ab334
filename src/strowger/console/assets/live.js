// The live feed: one connection per page, with the browser's own reconnect and Last-Event-ID.
import { $, $$, offline } from "./base.js";

const GATHER_MS = 250;
const RETRY_MS = 2000;
const listeners = new Map();
let source;
// The feed's place when the page was made: what came since, while the page was on its way, is caught up with.
let last = document.documentElement.dataset.liveAt ?? "";

function deliver(topic, data) {
  for (const [handler, topics] of listeners) if (topics.includes(topic) || topic === "reset") handler(data, topic);
}

function connect() {
  source?.close();
  const topics = [...new Set([...listeners.values()].flat())];
  const query = new URLSearchParams({ topics: topics.join(",") });
  if (last) query.set("after", last);
  source = new EventSource(`/console/live?${query}`);
  const take = (e) => {
    last = e.lastEventId || last;
    deliver(e.type, JSON.parse(e.data));
  };
  for (const topic of topics) source.addEventListener(topic, take);
  source.addEventListener("reset", (e) => {
    last = e.lastEventId;
    deliver("reset", JSON.parse(e.data));
  });
  source.addEventListener("hello", (e) => {
    last ||= e.lastEventId;
    offline(false);
    document.dispatchEvent(new CustomEvent("live:state", { detail: true }));
  });
  source.addEventListener("error", () => {
    offline(true);
    document.dispatchEvent(new CustomEvent("live:state", { detail: false }));
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

let planned = false;
/** Call handler(data, topic) for each notice of the topics; topic "reset" means that some were missed. */
export function listen(topics, handler) {
  listeners.set(handler, topics);
  if (!planned) {
    planned = true;
    queueMicrotask(() => {
      planned = false;
      connect();
    });
  }
  return () => listeners.delete(handler);
}

window.strowger = { ...window.strowger, listen };
window.addEventListener("pagehide", () => source?.close());
window.addEventListener("pageshow", (e) => e.persisted && listeners.size && connect());

class LiveList {
  constructor(box) {
    this.box = box;
    this.rows = $("[data-live-rows]", box);
    this.state = $("[data-live-state]", box);
    this.paused = false;
    this.waiting = [];
    this.keep = Number(box.dataset.liveKeep);
    $("[data-live-pause]", box).addEventListener("click", () => this.pause(!this.paused));
    $("[data-live-clear]", box).addEventListener("click", () => this.show(""));
    $("[data-live-filter]", box).addEventListener("input", () => this.filter());
    document.addEventListener("live:state", (e) => this.say(e.detail ? "Live" : "Connection lost", e.detail));
    listen(box.dataset.live.split(","), (data, topic) => this.hear(data, topic));
    this.load("");
  }

  say(text, good) {
    this.state.textContent = this.paused ? `Paused, ${this.waiting.length} waiting` : text;
    this.state.classList.toggle("is-live", good && !this.paused);
  }

  hear(data, topic) {
    if (topic === "reset") this.load("");
    else {
      this.waiting.push(...(data.ids ?? [data.id]));
      this.waiting = this.waiting.slice(-this.keep);
      if (this.paused) this.say("", true);
      else this.timer ||= setTimeout(() => this.flush(), GATHER_MS);
    }
  }

  pause(paused) {
    this.paused = paused;
    $("[data-live-pause]", this.box).setAttribute("aria-pressed", paused);
    $("[data-live-pause-text]", this.box).textContent = paused ? "Resume" : "Pause";
    this.say("Live", true);
    if (!paused) this.flush();
  }

  flush() {
    this.timer = 0;
    const ids = [...new Set(this.waiting)];
    this.waiting = [];
    if (ids.length) this.load(ids.join(","));
  }

  async load(ids) {
    try {
      const path = this.box.dataset.livePath + (ids ? `?ids=${encodeURIComponent(ids)}` : "");
      const answer = await fetch(path, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return;
      const text = await answer.text();
      if (ids) this.add(text);
      else this.show(text);
    } catch {
      offline(true);
    }
  }

  show(text) {
    this.rows.innerHTML = text;
    this.filter();
  }

  add(text) {
    const fresh = document.createElement("template");
    fresh.innerHTML = text;
    for (const row of [...fresh.content.children].reverse()) {
      const old = row.id && document.getElementById(row.id);
      if (old) old.replaceWith(row);
      else this.rows.prepend(row);
      row.classList.add("is-new");
    }
    while (this.rows.childElementCount > this.keep) this.rows.lastElementChild.remove();
    this.filter();
  }

  filter() {
    const words = $("[data-live-filter]", this.box).value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of this.rows.children) {
      const text = (row.dataset.text ?? row.textContent).toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    $("[data-live-none]", this.box).hidden = shown > 0;
  }
}

for (const box of $$("[data-live]")) new LiveList(box);
