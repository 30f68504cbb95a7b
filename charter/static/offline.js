// The venue's own phone without a signal. What is saved then waits in the browser's database,
// encrypted with a key that only this open page has: whoever closes the page loses it, and is told
// so. Pages are exchanged in place, so that this one stays open from one person to the next.
const can = navigator.serviceWorker && navigator.locks && window.indexedDB && window.crypto?.subtle;
const [waits, lost] = ["waits", "lost"].map((each) => document.querySelector(`[data-${each}]`));
const HOME = "/phone", SHELL = "/phone/offline", EVERY = 15000, LONGEST = 12000;
const NONE = "There is no signal.", FULL = "This phone cannot keep it. Leave the page open and try again, or write it on a paper page.";
const bytes = (words) => new TextEncoder().encode(words);
const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
const rows = new Map(); // what waits, by the token of its form: at, stamp (who began it), why (not sent)
let tab, key, blank, isBusy = false, isSending = false, isLeaving = false;

function store(mode, act) {
  return new Promise((yes, no) => {
    const opening = indexedDB.open("phone", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("waits", { keyPath: "once" });
    opening.onerror = () => no(opening.error);
    opening.onsuccess = () => {
      const change = opening.result.transaction("waits", mode);
      const asked = act(change.objectStore("waits"));
      change.oncomplete = () => { opening.result.close(); yes(asked?.result); };
      change.onabort = () => { opening.result.close(); no(change.error); };
    };
  });
}

// The length is rounded up, so that it does not tell how much was written.
async function keep(once, fields, at) {
  const words = JSON.stringify(fields), iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = bytes(words.padEnd(Math.ceil(words.length / 4096) * 4096));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(once) }, key, plain);
  await store("readwrite", (all) => all.put({ once, tab, at, iv, sealed }));
}

async function opened(once) {
  const { iv, sealed } = await store("readonly", (all) => all.get(once));
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: bytes(once) }, key, sealed);
  return JSON.parse(new TextDecoder().decode(plain));
}

async function drop(once) {
  if (rows.delete(once)) await store("readwrite", (all) => all.delete(once));
}

// A page of the phone's. No signal, or an answer that is not ours, is a fault.
async function ask(url, body) {
  const answer = await fetch(url, { method: body ? "POST" : "GET", body, cache: "no-store", signal: AbortSignal.timeout(LONGEST) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.querySelector("[data-phone]");
  if (!part) throw new Error(answer.status);
  return { part, kind: part.dataset.phone, title: page.title, look: page.documentElement.className };
}

const shown = () => document.querySelector("[data-phone]");
const value = (part, name) => part.querySelector(`[name="${name}"]`)?.value ?? "";
const entries = (n) => (n === 1 ? "1 entry" : `${n} entries`);

// An empty form is remembered, to be shown again when nothing can be asked for.
function remember({ part, kind, title, look }) {
  if (kind === "form" || kind === "offline") {
    if (!part.querySelector(".govuk-error-summary")) blank = { part: part.cloneNode(true), kind, title, look };
  } else if (kind !== "saved") blank = null;
  const ready = part.querySelector("[data-ready]");
  if (ready) ready.hidden = false;
}

function show(page) {
  remember(page);
  const part = document.importNode(page.part, true);
  shown().replaceWith(part);
  document.title = page.title;
  document.documentElement.className = page.look; // dark at night
  const first = part.querySelector(".govuk-error-summary, h1");
  first.tabIndex = -1;
  first.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function empty() {
  const part = blank.part.cloneNode(true);
  part.querySelector("[name=once]").value = random();
  show({ ...blank, part });
}

function paint(...said) {
  const all = [...rows], n = all.length;
  const are = (why) => all.filter(([, row]) => row.why === why);
  let act = n ? send : null, label = "Send now";
  if (n) said.push(`${entries(n)} ${n === 1 ? "waits" : "wait"} on this phone. Do not close this page.`);
  if (are("ended").length) {
    said.push("This phone is not the venue’s any more, so it cannot be sent. Write it again on a paper page.");
    act = null;
  } else if (are("pin").length) {
    said.push(are("pin").every(([, row]) => row.stamp) ? "Whoever wrote it has to type their PIN." : "Whoever types their PIN now sends it under their name.");
    act = () => go(`${HOME}/pin`);
    label = "Type the PIN";
  } else if (are("change").length) {
    said.push(`${entries(are("change").length)} cannot be saved as it is.`);
    act = () => change(are("change")[0][0]);
    label = "Put it right";
  }
  const [words, button] = waits.children;
  waits.hidden = !said.length;
  words.textContent = said.join(" ");
  button.hidden = !act;
  button.textContent = label;
  button.onclick = act;
}

async function go(url) {
  try {
    show(await ask(url));
    paint();
  } catch {
    if (new URL(url, location).pathname === HOME && blank) empty();
    paint(NONE);
  }
}

async function change(once) {
  try {
    const { part, kind } = await ask(HOME);
    const page = kind === "form" ? await ask(HOME, await body(once, part)) : { kind };
    if (page.kind === "saved") await drop(once);
    if (page.part) show(page);
    paint();
  } catch { paint(NONE); }
}

// What waited, with the token of a page of now, and how many seconds ago it was saved.
async function body(once, part) {
  const { at, stamp } = rows.get(once), sent = new URLSearchParams(await opened(once));
  sent.set("csrf_token", value(part, "csrf_token"));
  sent.set("shift", stamp);
  sent.set("ago", Math.max(1, Math.round((Date.now() - at) / 1000)));
  return sent;
}

// One after the other. The same token sent again makes no second entry. No number is said: whoever
// wrote may be gone from the screen.
async function send() {
  if (isSending || isBusy || !(rows.size || isLeaving)) return;
  isSending = true;
  let count = 0;
  try {
    const { part, kind } = await ask(HOME);
    for (const [once, row] of [...rows]) {
      if (kind !== "form" && kind !== "pin") row.why = "ended";
      else if (kind === "pin" || row.stamp !== value(part, "shift")) row.why = "pin";
      else {
        const answer = await ask(HOME, await body(once, part));
        row.why = { saved: "", form: "change", pin: "pin" }[answer.kind] ?? "ended";
        if (answer.kind === "saved") { await drop(once); count += 1; }
      }
    }
    if (isLeaving && kind === "form") await ask(`${HOME}/done`, new URLSearchParams({ csrf_token: value(part, "csrf_token") }));
    isLeaving = false;
  } catch { /* no signal yet */ } finally {
    isSending = false;
    if (rows.size || count) paint(...(count ? [`Sent: ${entries(count)}.`] : []));
  }
}

async function hold(form) {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token" && name !== "once");
  if (!fields.some(([name]) => name === "kinds")) throw new Error("Choose what happened first.");
  const once = value(form, "once") || random(), at = Date.now();
  await keep(once, [...fields, ["once", once]], at).catch(() => { throw new Error(FULL); });
  rows.set(once, { at, stamp: value(form, "shift"), why: "" });
}

async function save(form) {
  const once = value(form, "once");
  let page;
  try {
    // A form that was kept for when there is no signal has no token to be sent with.
    if (value(form, "csrf_token")) page = await ask(form.action, new URLSearchParams(new FormData(form)));
  } catch { /* no signal: it waits */ }
  if (page?.kind === "saved") await drop(once);
  else if (page?.kind !== "form") await hold(form);
  if (page) show(page);
  else empty();
  paint();
}

async function enter(form) {
  const page = await ask(form.action, new URLSearchParams(new FormData(form))).catch(() => { throw new Error(NONE); });
  if (page.kind === "form") {
    isLeaving = false;
    rows.forEach((row) => { row.stamp ||= value(page.part, "shift"); });
  }
  show(page);
  paint();
}

// Done without a signal: what is written from now on is nobody's until somebody types a PIN.
async function leave(form) {
  const page = await ask(form.action, new URLSearchParams(new FormData(form))).catch(() => {
    isLeaving = true;
    return ask(SHELL);
  });
  show(page);
  paint();
}

// What pages left behind that are gone: nobody can open it any more. Only when it was is kept, until
// somebody has read it.
async function look() {
  const open = new Set((await navigator.locks.query()).held.map((each) => each.name));
  const gone = (await store("readonly", (all) => all.getAll())).filter((row) => !open.has(row.tab));
  if (!gone.length) return;
  await store("readwrite", (all) => { gone.forEach(({ once, at }) => all.put({ once, at, tab: "" })); });
  const when = gone.map(({ at }) => new Date(at).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }));
  const [words, button] = lost.children;
  words.textContent = `Lost: ${entries(gone.length)}, saved here on ${when.join("; ")}. The page was closed before the signal came back, and nobody can open what waited in it. Write it again, here or on a paper page.`;
  button.onclick = async () => {
    await store("readwrite", (all) => { gone.forEach(({ once }) => all.delete(once)); });
    lost.hidden = true;
  };
  lost.hidden = false;
}

async function submitted(event) {
  const form = event.target;
  if (!form.closest("[data-phone]") || form.action.endsWith("/sign-out")) return;
  event.preventDefault();
  if (isBusy) return;
  isBusy = true;
  try {
    await (form.matches(".writing") ? save(form) : form.matches("[data-done]") ? leave(form) : enter(form));
  } catch (fault) { paint(fault.message.endsWith(".") ? fault.message : NONE); }
  isBusy = false;
  send();
}

async function begin() {
  if (shown().dataset.phone === "pair") {
    await (await navigator.serviceWorker.getRegistration(HOME))?.unregister();
    await caches.delete("phone");
    await look();
    return;
  }
  key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  tab = `phone-${random()}`;
  await new Promise((got) => { navigator.locks.request(tab, () => { got(); return new Promise(() => {}); }); });
  await look();
  await navigator.serviceWorker.register(`${HOME}/worker.js`, { scope: HOME });
  remember({ part: shown(), kind: shown().dataset.phone, title: document.title, look: document.documentElement.className });
  document.addEventListener("submit", submitted);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (!link) return;
    event.preventDefault();
    go(link.href);
  });
  addEventListener("beforeunload", (event) => { if (rows.size) event.preventDefault(); });
  addEventListener("online", send);
  setInterval(send, EVERY);
}

if (can) begin().catch(() => {});
