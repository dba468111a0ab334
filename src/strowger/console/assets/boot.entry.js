// Runs before the first paint: theme and folded menu, so that nothing jumps.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function paint() {
  const theme = root.dataset.theme === "auto" ? (dark.matches ? "dark" : "light") : root.dataset.theme;
  if (root.dataset.bsTheme !== theme) {
    root.dataset.bsTheme = theme;
    root.dispatchEvent(new CustomEvent("strowger:theme"));
  }
}

paint();
root.classList.add("js");
dark.addEventListener("change", paint);
new MutationObserver(paint).observe(root, { attributeFilter: ["data-theme"] });
if (localStorage.getItem("menu") === "folded") root.classList.add("folded");
