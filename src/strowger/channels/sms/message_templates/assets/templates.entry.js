// Buttons that put a variable where the cursor stands in the text.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const field = button && document.getElementById(button.dataset.insertInto);
  if (!field) return;
  const text = button.dataset.insert;
  const start = field.selectionStart;
  field.setRangeText(text, start, field.selectionEnd, "end");
  if (text === "{name}") field.setSelectionRange(start + 1, start + text.length - 1);
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
