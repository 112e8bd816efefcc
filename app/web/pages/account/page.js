// What both pages share. The secret stands behind the # of the link, so no server and no log ever sees it;
// it is taken out of the address at once, so that neither history nor a shoulder keeps it.
export function takeSecret() {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return secret;
}

export function show(id) {
  document.getElementById(id).hidden = false;
}

export function hide(id) {
  document.getElementById(id).hidden = true;
}

export function say(words) {
  document.getElementById("said").textContent = words;
}

// Posts when the form is sent. A person presses the button, because some mail programs open links by
// themselves, and a link works once.
export function onSubmit(id, send) {
  const form = document.getElementById(id);
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    try {
      await send();
    } catch {
      say("We could not be reached. Please try again.");
    } finally {
      button.disabled = false;
    }
  });
}

// The same request again carries the same key, so an answer that was lost is given once more.
let last = { text: "", key: "" };

function keyOf(text) {
  if (text !== last.text) last = { text, key: randomKey() };
  return last.key;
}

function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join("");
}

export async function post(path, body) {
  const text = JSON.stringify(body);
  const answer = await fetch(`../api/v1/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": keyOf(text) },
    body: text,
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  if (answer.ok) return null;
  const problem = await answer.json();
  if (answer.status === 429) return "Too many tries. Please wait a while.";
  if (answer.status >= 500) return "Something is wrong on our side. Please try again.";
  return problem.errors?.[0]?.msg ?? problem.detail;
}
