// The form of a callback profile: the variable picker, parts that belong to a choice, made-up keys.
const form = document.getElementById("profile-form");
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function changed(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function showParts(select) {
  for (const part of document.querySelectorAll(`[data-when="${select.dataset.switch}"]`)) {
    part.hidden = part.dataset.value === "*" ? !select.value : part.dataset.value !== select.value;
  }
}

function asEntry(body, name) {
  // Into a JSON object that can be read, a variable comes as an entry of its own.
  try {
    const found = JSON.parse(body || "{}");
    if (found && typeof found === "object" && !Array.isArray(found)) {
      return JSON.stringify({ ...found, [name]: `<${name}>` }, null, 2);
    }
  } catch {
    return null;
  }
  return null;
}

function insert(field, name) {
  const type = form.elements.body_type.value;
  const whole = field.name === "body" && field !== document.activeElement && (type === "json" || type === "form");
  const entry = whole ? asEntry(field.value, name) : null;
  if (entry !== null) {
    field.value = entry;
  } else {
    const at = field.selectionStart ?? field.value.length;
    field.setRangeText(`<${name}>`, at, field.selectionEnd ?? at, "end");
  }
  changed(field);
}

function made(length) {
  const random = crypto.getRandomValues(new Uint8Array(length * 4));
  let text = "";
  for (const byte of random) {
    if (byte < 248 && text.length < length) text += LETTERS[byte % 62];
  }
  return text;
}

if (form) {
  let last = null;
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-insert]")) last = event.target;
  });
  form.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-variable]");
    const usual = event.target.closest("[data-usual]");
    if (pick) insert(last && last.name !== "body" ? last : form.elements.body, pick.dataset.variable);
    if (usual) {
      form.elements.body.value = usual.dataset.usual;
      changed(form.elements.body);
    }
    if (event.target.closest("[data-generate]")) {
      const bits = Number((form.elements.enc_algo.value.match(/\d+/) || ["256"])[0]);
      form.elements.enc_key.value = made(bits / 8);
      form.elements.enc_iv.value = made(16);
      changed(form.elements.enc_key);
    }
  });
  for (const select of form.querySelectorAll("[data-switch]")) {
    showParts(select);
    select.addEventListener("change", () => showParts(select));
  }
}
for (const select of document.querySelectorAll("[data-submit]")) {
  select.addEventListener("change", () => select.form.submit());
  select.form.querySelector("button").hidden = true;
}
