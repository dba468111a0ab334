// The drop-down of variables: opens when "{{" is typed into a field that may hold them; keys as in a combo box.
const FIELD = "[data-variables]";
const TYPED = /\{\{\s*([^{}\s]*)$/;
const MOST = 12;

class Offer {
  constructor() {
    this.list = Object.assign(document.createElement("ul"), { className: "variable-list", id: "variable-list", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Variables");
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("li");
      if (item) this.take(item);
    });
  }

  names() {
    const options = [...document.querySelectorAll("#flow-variables option")];
    return options.map((option) => [option.value, option.textContent]);
  }

  look(field) {
    const found = TYPED.exec(field.value.slice(0, field.selectionStart));
    const names = found ? this.names().filter(([name]) => name.startsWith(found[1]) && name !== found[1]).slice(0, MOST) : [];
    if (!names.length) return this.close();
    this.field = field;
    this.typed = found[1];
    this.list.replaceChildren(...names.map(([name, text], n) => this.item(name, text, n)));
    field.after(this.list);
    this.list.hidden = false;
    field.setAttribute("aria-controls", this.list.id);
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    this.mark(0);
  }

  item(name, text, n) {
    const item = Object.assign(document.createElement("li"), { id: `variable-${n}` });
    item.setAttribute("role", "option");
    item.dataset.name = name;
    item.append(Object.assign(document.createElement("code"), { textContent: name }));
    if (text) item.append(Object.assign(document.createElement("span"), { className: "muted", textContent: ` ${text}` }));
    return item;
  }

  mark(place) {
    const items = [...this.list.children];
    this.place = (place + items.length) % items.length;
    items.forEach((item, n) => item.setAttribute("aria-selected", String(n === this.place)));
    items[this.place].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", items[this.place].id);
  }

  // Names that go on (webhook., api:) stay open for the rest.
  take(item) {
    const { field } = this;
    const { name } = item.dataset;
    const end = field.selectionStart;
    const rest = field.value.slice(end);
    const open = /[.:]$/.test(name);
    const closing = rest.startsWith("}}") ? "" : "}}";
    const head = field.value.slice(0, end - this.typed.length) + name;
    field.value = head + closing + rest;
    const caret = open ? head.length : head.length + 2;
    field.setSelectionRange(caret, caret);
    this.close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  close() {
    if (!this.field) return;
    for (const name of ["aria-controls", "aria-expanded", "aria-activedescendant", "aria-autocomplete", "role"]) this.field.removeAttribute(name);
    this.list.hidden = true;
    this.list.remove();
    this.field = null;
  }

  press(event) {
    if (event.key === "ArrowDown") this.mark(this.place + 1);
    else if (event.key === "ArrowUp") this.mark(this.place - 1);
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.list.children[this.place]);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const offer = new Offer();
document.addEventListener("input", (event) => event.target.matches?.(FIELD) && offer.look(event.target));
document.addEventListener("keydown", (event) => offer.field && event.target === offer.field && offer.press(event), true);
document.addEventListener("focusout", (event) => event.target === offer.field && offer.close());
const named = () => {
  for (const field of document.querySelectorAll("[data-variable-name]")) field.setAttribute("list", "flow-variables");
};
document.addEventListener("htmx:afterSwap", named);
named();
