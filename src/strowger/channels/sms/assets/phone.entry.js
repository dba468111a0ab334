// The phone: asks for news while somebody looks, changes only what is new, and remembers what was read on this browser.
const POLL_MS = 500;
const LOST_MS = 2000;
const KEPT = 300;
const ADDED = 20;
const STORE = "phone";
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const room = () => $("#phone");

// What was read -----------------------------------------------------------------------------------------------------------
function remembered() {
  try {
    return { handsets: {}, peers: {}, flashes: {}, added: [], ...JSON.parse(localStorage.getItem(STORE) ?? "{}") };
  } catch {
    return { handsets: {}, peers: {}, flashes: {}, added: [] };
  }
}
const memory = remembered();

function remember(part, key, value) {
  delete memory[part][key]; // the latest stand last
  memory[part][key] = value;
  for (const old of Object.keys(memory[part]).slice(0, -KEPT)) delete memory[part][old];
  save();
}

function save() {
  try {
    localStorage.setItem(STORE, JSON.stringify(memory));
  } catch {
    // A browser that keeps nothing shows everything as unread after a reload.
  }
}

function keepNumber() {
  const { number } = room().dataset;
  memory.added = [number, ...memory.added.filter((other) => other !== number)].slice(0, ADDED);
  save();
}

function show(badge, count) {
  badge.hidden = !count;
  $("[data-count]", badge).textContent = count;
}

function unreadOfHandset(badge) {
  const { handset, total, last } = badge.dataset;
  const read = memory.handsets[handset] ?? { total: 0, last: 0 };
  if (Number(last) === read.last) return 0;
  // A simulator that started anew counts from the beginning; a full handset's total stands still.
  return Number(last) < read.last ? Number(total) : Math.max(1, total - read.total);
}

function decorate() {
  const looking = !document.hidden;
  const { number } = room().dataset;
  for (const badge of $$("[data-handset]", room())) {
    const { handset, total, last } = badge.dataset;
    if (handset === number && looking && unreadOfHandset(badge)) {
      remember("handsets", handset, { total: Number(total), last: Number(last) });
    }
    show(badge, unreadOfHandset(badge));
  }
  for (const badge of $$("[data-conversation]", room())) {
    const ids = badge.dataset.ids.split(",").filter(Boolean).map(Number);
    const key = `${number}/${badge.dataset.conversation}`;
    const open = badge.closest("a").hasAttribute("aria-current");
    const newest = Math.max(0, ...ids);
    const read = memory.peers[key] > newest ? 0 : (memory.peers[key] ?? 0);
    if (open && looking && newest !== memory.peers[key]) remember("peers", key, newest);
    show(badge, open ? 0 : ids.filter((id) => id > read).length);
  }
  showFlash(number);
}

function showFlash(number) {
  const boxes = $$("[data-flash]", room());
  const newest = Math.max(0, ...boxes.map((box) => Number(box.dataset.flash)));
  let gone = memory.flashes[number] ?? 0;
  if (gone > newest) gone = 0;
  const next = boxes.find((box) => Number(box.dataset.flash) > gone);
  for (const box of boxes) box.hidden = box !== next;
}

// Changing only what is new -----------------------------------------------------------------------------------------------
const LEFT_ALONE = new Set(["open", "class"]);

function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !LEFT_ALONE.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.classList.contains("is-on") && !fresh.classList.contains("is-on")) old.classList.remove("is-on");
}

function change(old, fresh) {
  if (old.isEqualNode(fresh) || old.hasAttribute?.("data-kept")) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  copyAttributes(old, fresh);
  let at = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const known = node.id ? [...old.children].find((child) => child.id === node.id) : null;
    if (known) {
      if (known === at) at = at.nextSibling;
      else old.insertBefore(known, at);
      change(known, node);
    } else if (!node.id && at && !at.id) {
      const next = at.nextSibling;
      change(at, node);
      at = next;
    } else old.insertBefore(node, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function take(text) {
  const fresh = $("#phone", new DOMParser().parseFromString(text, "text/html"));
  if (!fresh) return;
  const thread = $("#phone-thread");
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40;
  const focused = document.activeElement?.id;
  change(room(), document.adoptNode(fresh));
  window.htmx.process(room());
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
  if (atEnd) toEnd();
  decorate();
}

function toEnd() {
  const thread = $("#phone-thread");
  thread.scrollTop = thread.scrollHeight;
}

// Asking for news ---------------------------------------------------------------------------------------------------------
let timer = 0;
let asking = false;
let again = false;

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  let wait = POLL_MS;
  try {
    const { number, peer, seen } = room().dataset;
    const query = new URLSearchParams({ number, peer, seen, added: memory.added.join(",") });
    const answer = await fetch(`/phone/feed?${query}`, { headers: { "HX-Request": "true" } });
    const elsewhere = answer.headers.get("HX-Redirect");
    if (elsewhere) location.assign(elsewhere);
    else if (answer.status === 200) take(await answer.text());
    lost(!answer.ok);
    if (!answer.ok) wait = LOST_MS;
  } catch {
    lost(true);
    wait = LOST_MS;
  }
  asking = false;
  timer = setTimeout(ask, again ? 0 : wait);
  again = false;
}

function lost(is) {
  $("#phone-lost").hidden = !is;
}

// What people do ----------------------------------------------------------------------------------------------------------
let sending = "";

document.addEventListener("htmx:beforeSend", (e) => {
  if (e.target.id !== "phone-reply") return;
  const input = $("#phone-text");
  sending = input.value;
  input.value = "";
  $("#phone-problem").textContent = "";
});

document.addEventListener("htmx:afterRequest", (e) => {
  if (!room().contains(e.target)) return;
  if (e.target.id === "phone-reply") {
    const input = $("#phone-text");
    if (!e.detail.successful && input && !input.value) input.value = sending;
    if (e.detail.successful) toEnd();
  }
  ask();
});

function dismiss(button) {
  remember("flashes", room().dataset.number, Number(button.dataset.flashDismiss));
  decorate();
  $("#phone-text")?.focus();
}

document.addEventListener("click", (e) => {
  const button = e.target instanceof Element && e.target.closest("[data-flash-dismiss]");
  if (button) dismiss(button);
});
document.addEventListener("keydown", (e) => {
  const button = e.key === "Escape" && !$("dialog[open]") && $("[data-flash]:not([hidden]) [data-flash-dismiss]");
  if (button) dismiss(button);
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  decorate();
  ask();
});

keepNumber();
decorate();
toEnd();
ask();
