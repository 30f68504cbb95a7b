// Says how a download comes along that the server takes a while to make, and hands it over.
// Without it the browser does the same, and says nothing until the first byte is there.
const form = document.querySelector("form[data-brings]");
const said = form && form.querySelector("[data-progress]");
let isBusy = false;

async function bring(address, tell) {
  const answer = await fetch(address);
  const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
  if (!answer.ok || !named) {
    location.assign(address); // a page: the day was wrong, or the time to sign in again has come
    return "";
  }
  const parts = [];
  let size = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    tell(size);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type: answer.headers.get("Content-Type") }));
  link.download = named[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  return `Done: ${named[1]}, ${inWords(size)}`;
}

function inWords(size) {
  return size < 1e6 ? `${Math.max(1, Math.round(size / 1e3))} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

if (form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    let size = 0;
    const begun = Date.now();
    const tell = () => {
      const seconds = Math.round((Date.now() - begun) / 1000);
      const soFar = size ? `${inWords(size)} so far` : "stay on this page";
      said.textContent = `Being made, ${seconds} seconds: ${soFar}`;
    };
    said.textContent = "Being made: stay on this page";
    const timer = setInterval(tell, 2000);
    try {
      const address = new URL(form.action);
      address.search = new URLSearchParams(new FormData(form, event.submitter));
      said.textContent = await bring(address, (here) => { size = here; });
    } catch {
      said.textContent = "It broke off. Check the connection, then try again";
    } finally {
      clearInterval(timer);
      isBusy = false;
    }
  });
}
