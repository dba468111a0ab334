// The declarative form: the summary of errors takes focus, leaving with unsaved changes asks.
import { $, $$, on } from "./base.js";

document.addEventListener("DOMContentLoaded", () => $("[data-error-summary]")?.focus());

on("click", "[data-error-summary] a", (e, link) => {
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  e.preventDefault();
  field.focus();
});

on("input", "form[data-guard]", (_, form) => (form.dataset.dirty = ""));

let sending = false;
on("submit", "form", (e) => {
  setTimeout(() => (sending = !e.defaultPrevented));
  if (!e.defaultPrevented) for (const form of $$("form[data-dirty]")) if (form === e.target) delete form.dataset.dirty;
});

// A second press while the first one is on its way does nothing.
on("submit", "form[data-form]", (e, form) => {
  if (e.defaultPrevented) return;
  if (form.dataset.sent) {
    e.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  $('button[type="submit"]', form)?.setAttribute("aria-busy", "true");
});

window.addEventListener("pageshow", (e) => {
  if (!e.persisted) return;
  sending = false;
  for (const form of $$("form[data-sent]")) {
    delete form.dataset.sent;
    $('button[type="submit"]', form)?.removeAttribute("aria-busy");
  }
});

window.addEventListener("beforeunload", (e) => {
  if (!sending && $("form[data-dirty][data-guard]")) e.preventDefault();
});
