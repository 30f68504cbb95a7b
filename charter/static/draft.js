// Keeps an entry on the server as it is typed, and says when. Nothing stays in the browser.
const form = document.querySelector("form[data-keep]");
const said = form && form.querySelector("[data-kept]");
let timer, isSaving = false, isChanged = false;

async function keep() {
  clearTimeout(timer);
  if (isSaving || !isChanged) return;
  isChanged = false;
  try {
    const answer = await fetch(form.dataset.keep, {
      method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error", keepalive: true,
    });
    if (answer.status !== 204) throw new Error(answer.status);
    const at = new Date();
    const two = (n) => String(n).padStart(2, "0");
    said.textContent = `Kept at ${two(at.getHours())}:${two(at.getMinutes())}`;
  } catch {
    isChanged = true;
    said.textContent = "Not kept: no connection";
  }
}

if (form) {
  form.addEventListener("input", () => {
    isChanged = true;
    clearTimeout(timer);
    timer = setTimeout(keep, 1200);
  });
  form.addEventListener("submit", () => { isSaving = true; clearTimeout(timer); });
  addEventListener("pageshow", () => { isSaving = false; });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
}
