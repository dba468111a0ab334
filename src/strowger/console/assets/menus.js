// The left menu, dropdowns, and the theme switch.
import { $, $$, on, post } from "./base.js";

const root = document.documentElement;

function closeDropdowns(except) {
  for (const open of $$("details[data-dropdown][open]")) if (!open.contains(except)) open.open = false;
}

document.addEventListener("click", (e) => closeDropdowns(e.target));
document.addEventListener("focusin", (e) => closeDropdowns(e.target));
document.addEventListener("keydown", (e) => {
  const open = e.key === "Escape" && $("details[data-dropdown][open]");
  if (!open) return;
  open.open = false;
  $("summary", open).focus();
});

// A panel near the edge of the window opens to the other side.
document.addEventListener(
  "toggle",
  (e) => {
    if (!(e.target instanceof HTMLDetailsElement) || !e.target.open) return;
    const panel = $(".dropdown-panel", e.target);
    if (!panel) return;
    panel.style.translate = "";
    const box = panel.getBoundingClientRect();
    const over = Math.max(0, box.right - document.documentElement.clientWidth + 8);
    const under = Math.max(0, 8 - box.left);
    if (over || under) panel.style.translate = `${under - over}px 0`;
  },
  true,
);

function showSidebar(shown) {
  root.classList.toggle("menu-open", shown);
  $(".sidebar-open")?.setAttribute("aria-expanded", shown);
  if (shown) $("#sidebar a")?.focus();
}

on("click", "[data-sidebar]", (_, button) => {
  if (button.dataset.sidebar === "fold") {
    const folded = root.classList.toggle("folded");
    localStorage.setItem("menu", folded ? "folded" : "open");
    button.setAttribute("aria-pressed", folded);
  } else {
    showSidebar(button.dataset.sidebar === "open");
  }
});
document.addEventListener("keydown", (e) => e.key === "Escape" && showSidebar(false));
// A long menu stays where it was, and the entry of the page is in sight.
const menu = $(".menu");
if (menu) {
  menu.scrollTop = Number(sessionStorage.getItem("menu-at"));
  $("[aria-current]", menu)?.scrollIntoView({ block: "nearest" });
  addEventListener("pagehide", () => sessionStorage.setItem("menu-at", menu.scrollTop));
}

document.addEventListener("DOMContentLoaded", () => {
  $(".sidebar-fold")?.setAttribute("aria-pressed", root.classList.contains("folded"));
});

on("change", "[data-theme-switch] input", (_, input) => {
  root.dataset.theme = input.value;
  post("/profile/theme", { theme: input.value });
});
