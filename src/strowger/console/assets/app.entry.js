import htmx from "htmx.org/dist/htmx.esm.js";
import Alpine from "@alpinejs/csp";
import "./base.js";
import "./menus.js";
import "./palette.js";
import "./lists.js";
import "./forms.js";
import "./live.js";

window.htmx = htmx;
window.Alpine = Alpine;
// Scripts of other modules register their components on alpine:init, which fires when the page is ready.
document.addEventListener("DOMContentLoaded", () => Alpine.start());
