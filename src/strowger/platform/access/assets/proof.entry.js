// The check before a form is sent: a worker solves the challenge of [data-proof]; a form that is sent earlier waits for it.

function begin(box) {
  const { salt, hash, most, worker: path } = box.dataset;
  const status = box.querySelector("[role=status]");
  const field = box.querySelector("input[name=proof]");
  const form = field.form;
  const worker = new Worker(path);
  let waiting = null;
  worker.onmessage = (event) => {
    worker.terminate();
    field.value = event.data;
    status.textContent = "The check is done.";
    box.dataset.proof = "done";
    if (waiting) form.requestSubmit(waiting.submitter || undefined);
  };
  worker.onerror = () => {
    status.textContent = "The check could not be made by this browser. Reload the page, or use another browser.";
  };
  form.addEventListener("submit", (event) => {
    if (field.value !== "") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    waiting = event;
    status.textContent = "One moment: the form is sent as soon as the check is done.";
  }, true);
  worker.postMessage({ salt, hash, most: Number(most) });
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-proof]").forEach(begin));
