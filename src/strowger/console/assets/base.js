// What every page has: toasts, copy buttons, tabs, dialogs, times, the banner of a lost connection.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const csrf = () => $('meta[name="csrf"]')?.content ?? "";
const TOAST_MS = 6000;
const COPIED_MS = 1600;

/** Call a handler for events on elements that match, now and later. */
export function on(event, selector, handler, options) {
  document.addEventListener(
    event,
    (e) => {
      const target = e.target instanceof Element && e.target.closest(selector);
      if (target) handler(e, target);
    },
    options,
  );
}

/** POST form fields to one of our own addresses. */
export function post(path, fields = {}) {
  return fetch(path, {
    method: "POST",
    headers: { "X-CSRF-Token": csrf(), "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });
}

function schedule(toast) {
  if (toast.classList.contains("tone-danger")) return;
  let timer = setTimeout(() => toast.remove(), TOAST_MS);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), TOAST_MS)));
}

/** Show a toast; tones: success, info, warning, danger. */
export function toast(text, tone = "success") {
  const box = document.createElement("div");
  box.className = `toast tone-${tone}`;
  box.setAttribute("role", "status");
  const words = document.createElement("span");
  words.className = "toast-text";
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon-btn toast-close";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  box.append(words, close);
  $("#toasts")?.append(box);
  schedule(box);
}

document.addEventListener("DOMContentLoaded", () => $$("#toasts .toast").forEach(schedule));
on("click", "[data-dismiss]", (_, button) => button.closest(".toast")?.remove());
document.addEventListener("toast", (e) => toast(e.detail.text, e.detail.tone));
on("click", "[data-back]", () => history.back());

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // plain http on another host has no clipboard
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

on("click", "[data-copy]", async (_, button) => {
  await copy(button.dataset.copy);
  button.classList.add("copied");
  toast("Copied", "info");
  setTimeout(() => button.classList.remove("copied"), COPIED_MS);
});

// Tabs -----------------------------------------------------------------------------------------------------------------
function chooseTab(tab, focus = false) {
  const group = tab.closest("[data-tabs]");
  for (const other of $$('[role="tab"]', group)) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(other.getAttribute("aria-controls"));
    if (panel) panel.hidden = !chosen;
  }
  if (group.dataset.tabsKept) localStorage.setItem(group.dataset.tabsKept, tab.dataset.tab);
  if (focus) tab.focus();
}

function restoreTabs(root) {
  for (const group of $$("[data-tabs-kept]", root)) {
    const kept = localStorage.getItem(group.dataset.tabsKept);
    const tab = kept && $(`[data-tab="${CSS.escape(kept)}"]`, group);
    if (tab) chooseTab(tab);
  }
}

on("click", '[role="tab"]', (_, tab) => chooseTab(tab));
on("keydown", '[role="tab"]', (e, tab) => {
  const tabs = $$('[role="tab"]', tab.closest("[data-tabs]"));
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  if (!step) return;
  e.preventDefault();
  chooseTab(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length], true);
});

// Dialogs --------------------------------------------------------------------------------------------------------------
on("click", "[data-open]", (_, button) => document.getElementById(button.dataset.open)?.showModal());
on("click", "[data-close]", (_, button) => button.closest("dialog")?.close());
on("click", "dialog", (e, dialog) => e.target === dialog && dialog.close());

/** Ask before something that cannot be undone; resolves to whether the answer was yes. */
export function confirmed(text, label) {
  const dialog = $("#confirm");
  $("#confirm-text").textContent = text;
  $("#confirm-yes").textContent = label;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
  );
}

on("submit", "form[data-confirm]", async (e, form) => {
  if (form.dataset.agreed) return;
  e.preventDefault();
  if (await confirmed(form.dataset.confirm, form.dataset.confirmLabel || "Continue")) {
    form.dataset.agreed = "yes";
    form.requestSubmit(e.submitter ?? undefined);
  }
});

// Times ----------------------------------------------------------------------------------------------------------------
const UNITS = [
  [60, "min", 3600],
  [3600, "h", 86400],
  [86400, "d", 604800],
];

function ago(at) {
  const seconds = (Date.now() - at) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds >= 0 ? "just now" : "in a moment";
  for (const [length, unit, limit] of UNITS) {
    if (size < limit) {
      const text = `${Math.max(1, Math.round(size / length))} ${unit}`;
      return seconds >= 0 ? `${text} ago` : `in ${text}`;
    }
  }
  return null;
}

setInterval(() => {
  for (const time of $$('time[data-style="relative"]')) {
    const text = ago(Date.parse(time.dateTime)) ?? time.dataset.local;
    if (time.textContent !== text) time.textContent = text;
  }
}, 15000);

// htmx -----------------------------------------------------------------------------------------------------------------
document.addEventListener("htmx:configRequest", (e) => {
  if (e.detail.verb !== "get") e.detail.headers["X-CSRF-Token"] = csrf();
  for (const [name, value] of [...e.detail.formData.entries()]) {
    if (e.detail.verb === "get" && value === "") e.detail.formData.delete(name);
  }
});
document.addEventListener("htmx:responseError", (e) => {
  if (!e.detail.xhr.getResponseHeader("HX-Trigger")) toast(`The server answered ${e.detail.xhr.status}.`, "danger");
});
export function offline(lost) {
  const banner = $("#offline");
  if (banner) banner.hidden = !lost;
}
document.addEventListener("htmx:sendError", () => offline(true));
document.addEventListener("htmx:afterOnLoad", () => offline(false));
window.addEventListener("offline", () => offline(true));
window.addEventListener("online", () => offline(false));
document.addEventListener("htmx:afterSwap", () => restoreTabs(document.body));
document.addEventListener("DOMContentLoaded", () => restoreTabs(document.body));
