// The command palette and the keyboard's shortcuts.
import { $, $$, on, offline } from "./base.js";

const SINGLE = "single-keys";
const WAIT_MS = 120;
const GO_MS = 1200;
const mac = /Mac|iPhone|iPad/.test(navigator.platform);
let timer;
let asked = 0;
let going = 0;

const dialog = () => $("#palette");
const options = () => $$('[role="option"]', dialog());

function choose(option) {
  for (const other of options()) other.setAttribute("aria-selected", other === option);
  const input = $("#palette-input");
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

async function look() {
  const turn = ++asked;
  const text = $("#palette-input").value;
  try {
    const answer = await fetch(`/console/search?q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" } });
    if (answer.headers.get("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
    const lines = await answer.text();
    if (turn !== asked || !answer.ok) return;
    $("[data-palette-list]").innerHTML = lines;
    choose($("[data-exact]", dialog()) ?? options()[0]);
  } catch {
    offline(true);
  }
}

export function openPalette() {
  if (!dialog() || dialog().open) return;
  $("#palette-input").value = "";
  dialog().showModal();
  look();
}

on("click", "[data-palette]", openPalette);
on("click", "[data-shortcuts]", () => $("#shortcuts").showModal());
on("input", "#palette-input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, WAIT_MS);
});
on("keydown", "#palette-input", (e) => {
  const list = options();
  const now = list.findIndex((o) => o.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (step && list.length) {
    e.preventDefault();
    choose(list[(now + step + list.length) % list.length]);
  } else if (e.key === "Enter") {
    e.preventDefault();
    if (now >= 0) location.assign(list[now].href);
  }
});
on("pointermove", '#palette [role="option"]', (_, option) => choose(option));

// Keyboard -------------------------------------------------------------------------------------------------------------
function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog[open]");
}

function singleKey(e) {
  if (going && Date.now() - going < GO_MS) {
    going = 0;
    const link = $(`[data-go="${CSS.escape(e.key)}"]`);
    if (link) location.assign(link.href);
    return Boolean(link);
  }
  if (e.key === "g") going = Date.now();
  else if (e.key === "?") $("#shortcuts")?.showModal();
  else if (e.key === "/") ($("[data-list-search]") ?? { focus: openPalette }).focus();
  else {
    const target = $(`[data-key="${CSS.escape(e.key)}"]`);
    target?.click();
    return Boolean(target);
  }
  return true;
}

document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === "k") {
    e.preventDefault();
    openPalette();
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || localStorage.getItem(SINGLE) === "off") return;
  if (singleKey(e)) e.preventDefault();
});

on("change", "[data-single-keys]", (_, box) => localStorage.setItem(SINGLE, box.checked ? "on" : "off"));
document.addEventListener("DOMContentLoaded", () => {
  const box = $("[data-single-keys]");
  if (box) box.checked = localStorage.getItem(SINGLE) !== "off";
  if (mac) for (const key of $$(".mod-key")) key.textContent = key.textContent.replace("Ctrl", "⌘");
});
