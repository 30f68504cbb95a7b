// Keeps the phone's empty form, so that it opens without a signal. It keeps nothing that anybody
// wrote, and no page that says who they are.
const FILES = {{ files | tojson }};
const SHELL = "{{ url_for('phone.offline') }}";
const KEPT = "phone";

async function renew() {
  // A phone that is not paired is sent elsewhere, and what it had is not replaced.
  const shell = await fetch(SHELL, { redirect: "error" });
  if (!shell.ok) throw new Error(shell.status);
  const kept = await caches.open(KEPT);
  await kept.put(SHELL, shell);
}

async function all() {
  const kept = await caches.open(KEPT);
  const old = (await kept.keys()).filter((each) => !FILES.some((file) => each.url.endsWith(file)));
  await kept.addAll(FILES);
  await renew();
  await Promise.all(old.filter((each) => !each.url.endsWith(SHELL)).map((each) => kept.delete(each)));
}

addEventListener("install", (event) => { skipWaiting(); event.waitUntil(all()); });
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, search } = new URL(request.url);
  if (request.method !== "GET") return;
  if (FILES.includes(pathname + search)) {
    event.respondWith(caches.match(request.url).then((found) => found || fetch(request)));
  } else if (request.mode === "navigate" || pathname === SHELL) {
    event.respondWith(
      fetch(request).catch(async () => (await caches.match(SHELL, { ignoreVary: true })) || Response.error()),
    );
    if (request.mode === "navigate") event.waitUntil(renew().catch(() => {}));
  }
});
