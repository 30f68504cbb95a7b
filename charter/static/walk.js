// Saves each answer of a walk as it is given. Without a script "Save and go on" saves the room.
const form = document.querySelector("[data-walk] form");
const said = form && form.querySelector("[data-kept]");
let last = Promise.resolve(), waiting = 0;

async function keep() {
  const sent = new FormData(form);
  // Photos go with the button: a script that sends them twice would keep them twice.
  for (const [name, value] of [...sent]) if (value instanceof File) sent.delete(name);
  try {
    const answer = await fetch(location.href, {
      method: "POST", body: sent, headers: { "X-Keep": "1" }, redirect: "error",
    });
    if (!answer.ok && answer.status !== 409) throw new Error(answer.status);
    for (const [name, value] of Object.entries(await answer.json())) form.elements[name].value = value;
    if (!answer.ok) throw new Error("something waits for an answer");
    said.textContent = "Saved";
  } catch {
    said.textContent = "Not saved yet: choose “Save and go on”";
  }
  waiting -= 1;
}

if (form) {
  form.addEventListener("change", (event) => {
    if (event.target.type === "file") return;
    waiting += 1;
    last = last.then(keep);
  });
  // What was pressed while an answer is on its way would find it changed under it.
  form.addEventListener("submit", (event) => {
    if (!waiting) return;
    event.preventDefault();
    last.then(() => form.requestSubmit(event.submitter));
  });
}
