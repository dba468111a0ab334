// Each operation's form: made when it is opened, from the table of its parameters; it calls the API and shows the call as code.
import { snippet } from "./snippets.js";

const $ = (selector, root = document) => root.querySelector(selector);
const made = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
};
let count = 0;

function field(row, reads) {
  const { parameter, place, example } = row.dataset;
  const required = "required" in row.dataset;
  const long = /^[[{]/.test(example) || example.length > 60 || ["body", "content"].includes(parameter);
  const id = `try-${(count += 1)}`;
  const common = { id, class: "form-control", "data-name": parameter, "data-place": place, autocomplete: "off", spellcheck: "false" };
  const file = "file" in row.dataset;
  const control = file ? made("input", { ...common, type: "file", multiple: true }) : long ? made("textarea", { ...common, rows: "3" }) : made("input", common);
  // A read narrowed by examples finds nothing, and nobody wants to call example.net.
  const fits = required || (!reads && !/^https?:/.test(example));
  if (!file) control.value = fits ? example : "";
  if (!file && !fits && example) control.placeholder = example;
  const label = made("label", { class: "field-label", for: id }, made("code", {}, parameter));
  if (required) label.append(" required");
  return made("div", { class: "field" }, label, control);
}

function choice(label, options) {
  const id = `try-${(count += 1)}`;
  const select = made("select", { id, class: "form-select" });
  for (const [value, text] of options) select.append(made("option", { value }, text));
  return [select, made("div", { class: "field" }, made("label", { class: "field-label", for: id }, label), select)];
}

function build(details) {
  const rows = [...details.closest("section").querySelectorAll("[data-parameter]")];
  const { method, paths } = details.dataset;
  const [path, pathField] = choice("Path", paths.split(" ").map((one) => [one, one]));
  const reads = method === "GET";
  const forms = reads ? [["query", "Query"]] : "files" in details.dataset ? [["multipart", "Multipart"]] : [["json", "JSON"], ["form", "Form"], ["query", "Query"]];
  const [body, bodyField] = choice("Parameters as", forms);
  const form = made("form", { class: "try-form" });
  const fields = made("div", { class: "try-fields" }, pathField, bodyField, ...rows.map((row) => field(row, reads)));
  const title = $("h3", details.closest("section")).textContent;
  const code = made("pre", { tabindex: "0", "aria-label": `Code: ${title}` });
  const answer = made("div", { role: "status" });
  form.append(fields, made("div", {}, made("button", { class: "btn btn-primary", type: "submit" }, `Send ${method}`)), code, answer);
  const show = () => (code.textContent = snippet($("#docs-language").value, call(form, method, path, body)));
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(call(form, method, path, body), answer);
  });
  for (const name of ["base", "sid", "language"]) $(`#docs-${name}`).addEventListener("input", show);
  details.append(form);
  show();
}

// What a field means: JSON where it looks like it, else text.
function read(text) {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function call(form, method, path, body) {
  const values = {};
  const files = [];
  let filled = path.value.replace("{sid}", encodeURIComponent($("#docs-sid").value.trim() || $("#docs-sid").placeholder));
  for (const control of form.querySelectorAll("[data-name]")) {
    const { name, place } = control.dataset;
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(control.value));
    else if (control.type === "file") files.push(...[...control.files].map((file) => [name, file]));
    else if (control.value !== "") values[name] = control.value;
  }
  const url = $("#docs-base").value.trim().replace(/\/+$/, "") + filled;
  const query = body.value === "query" ? new URLSearchParams(values).toString() : "";
  return {
    method,
    url: query ? `${url}?${query}` : url,
    form: body.value === "form" ? values : null,
    parts: body.value === "multipart" ? values : null,
    files,
    json: body.value === "json" ? Object.fromEntries(Object.entries(values).map(([name, text]) => [name, read(text)])) : null,
  };
}

async function send(made_, answer) {
  const key = $("#docs-key").value.trim();
  if (!key) {
    answer.replaceChildren(made("p", {}, "Fill in the API key above first."));
    $("#docs-key").focus();
    return;
  }
  const url = new URL(made_.url, location.href);
  if (url.origin !== location.origin) {
    answer.replaceChildren(made("p", {}, `This page may call ${location.origin} only. Choose it as base URL, or run the code above.`));
    return;
  }
  const headers = { "api-key": key };
  let body;
  if (made_.json) [headers["Content-Type"], body] = ["application/json", JSON.stringify(made_.json)];
  if (made_.form) [headers["Content-Type"], body] = ["application/x-www-form-urlencoded", new URLSearchParams(made_.form).toString()];
  if (made_.parts) {
    body = new FormData();
    for (const [name, value] of Object.entries(made_.parts)) body.append(name, value);
    for (const [name, file] of made_.files) body.append(name, file);
  }
  answer.replaceChildren(made("p", {}, "Waiting for the answer"));
  const began = performance.now();
  try {
    const got = await fetch(url, { method: made_.method, headers, body, credentials: "omit", redirect: "manual" });
    const text = await got.text();
    const took = Math.round(performance.now() - began);
    const shown = ["x-request-id", "x-ratelimit-remaining", "retry-after"].filter((name) => got.headers.has(name));
    const head = [`${got.status} ${got.statusText}`.trim(), `${took} ms`, ...shown.map((name) => `${name}: ${got.headers.get(name)}`)];
    answer.replaceChildren(made("p", {}, head.join(" · ")), made("pre", { tabindex: "0", "aria-label": "Answer" }, pretty(text)));
  } catch (problem) {
    answer.replaceChildren(made("p", {}, `No answer came: ${problem.message}`));
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

for (const details of document.querySelectorAll("details.try")) {
  details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && build(details));
}
