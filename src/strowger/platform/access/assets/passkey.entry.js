// Passkeys: a form with data-passkey ("create" or "get") asks the browser, puts the answer into its field "credential" and goes.
// Options stand in data-options, or are fetched from data-options-url when the button is pressed.

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (list) => (list || []).map((item) => ({ ...item, id: toBytes(item.id) }));

function read(options) {
  const found = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) found.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.excludeCredentials) found.excludeCredentials = withBytes(options.excludeCredentials);
  if (options.allowCredentials) found.allowCredentials = withBytes(options.allowCredentials);
  return found;
}

function written(credential) {
  const response = { clientDataJSON: toText(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.optionsUrl, { method: "POST" });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer.json();
}

async function ask(form) {
  const status = form.querySelector("[role=status]");
  status.textContent = "Follow what your browser or device asks.";
  try {
    const publicKey = read(await optionsOf(form));
    const container = navigator.credentials;
    const made = form.dataset.passkey === "create" ? await container.create({ publicKey }) : await container.get({ publicKey });
    form.elements.namedItem("credential").value = written(made);
    status.textContent = "";
    form.submit();
  } catch (problem) {
    const known = { InvalidStateError: "This device has a passkey for you already.", NotAllowedError: "It was cancelled, or took too long." };
    status.textContent = `No passkey was used. ${known[problem.name] || problem.message}`;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button");
    if (!window.PublicKeyCredential) {
      form.querySelector("[role=status]").textContent = "This browser knows no passkeys.";
      button.disabled = true;
      continue;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  }
});
