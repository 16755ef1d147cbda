// Inside a frame of the page: a browser with a host, and so with a cookie jar, of its own. What it is
// told to ask for, it asks for as any page of the app's would.

const { protocol, hostname, port } = location;
const page = `${protocol}//${hostname.split(".").slice(1).join(".")}:${port}`;
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
const answer = /** @type {HTMLElement} */ (document.getElementById("answer"));

addEventListener("message", async ({ origin, data }) => {
  if (origin !== page) return;
  if (data.large !== undefined) document.documentElement.style.fontSize = data.large ? "125%" : "";
  if (data.send) await send(data.send);
  // The runner reads from this request which cookies there are: a script cannot.
  await fetch("/__inspector/jar").catch(() => {});
  parent.postMessage({ readable: document.cookie }, page);
});

/** @param {{ method: string, path: string, body?: unknown }} wanted */
async function send({ method, path, body }) {
  status.textContent = `${method} ${path} …`;
  answer.textContent = "";
  try {
    const response = await fetch(path, {
      method,
      redirect: "manual",
      ...(body === undefined
        ? {}
        : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    status.textContent = `${response.status || "redirected"} ${response.statusText}`;
    answer.textContent = text.slice(0, 20_000) || "(no body)";
  } catch (error) {
    status.textContent = "No answer";
    answer.textContent = String(error);
  }
}

parent.postMessage({ ready: true, readable: document.cookie }, page);
