// A slider asks for the fans; the latest question wins. The whole state stands in the address.
const form = document.getElementById("levers");
const fans = document.getElementById("fans");
const said = document.getElementById("said");
const state = document.getElementById("state");
const seat = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
let turn = 0;
let running = null;
let later = 0;

function query() {
  const told = new URLSearchParams();
  for (const each of form.elements) {
    if (!each.name || each.tagName === "BUTTON") continue;
    const text = each.value.trim();
    if (text === (each.dataset.default ?? "") && each.name !== "base") continue;
    if (each.name.includes(".") && /^L?\w+\.(places|start|ramp|delivered)$/.test(each.name) && !each.name.startsWith("keep.")) {
      const lever = form.elements[each.name.split(".")[0]];
      if (!lever || Number(lever.value) === 0) continue;
    }
    if (each.name === "prevention" && !form.elements.budget.value) continue;
    told.set(each.name, text);
  }
  return told.toString();
}

async function fetched(asked, sweep) {
  running?.abort();
  running = new AbortController();
  const mine = ++turn;
  fans.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.dataset.fans}?${asked}`, {
      signal: running.signal,
      headers: { "X-Careo-Seat": seat, "X-Careo-Turn": String(mine), "X-Careo-Sweep": sweep ? "1" : "0" },
    });
    if (answer.status === 204 || mine !== turn) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"); // runs no script
    fans.replaceChildren(...page.body.childNodes);
    const again = answer.status === 503 ? Number(answer.headers.get("Retry-After")) : 0; // the kernel is being compiled
    state.textContent = answer.status === 503 && !again ? form.dataset.busy : "";
    if (again) later = setTimeout(() => fetched(asked, sweep), 1000 * again);
    fans.removeAttribute("aria-busy");
    document.getElementById("file").hidden = !fans.querySelector(".because"); // with nothing moved there is no strategy to take
    said.textContent = fans.querySelector(".because")?.textContent ?? "";
    if (answer.ok && fans.querySelector("[data-sweep]")) later = setTimeout(() => fetched(asked, true), 400);
  } catch (error) {
    if (error.name === "AbortError" || mine !== turn) return;
    state.textContent = form.dataset.lost;
    fans.removeAttribute("aria-busy");
  }
}

function moved() {
  clearTimeout(later);
  const asked = query();
  const address = `${form.getAttribute("action")}?${asked}`;
  history.replaceState(null, "", address);
  const file = document.getElementById("file");
  file.href = `${file.href.split("?")[0]}?${asked}`;
  for (const link of document.querySelectorAll(".tongue, .take a")) link.href = `${link.href.split("?")[0]}?${asked}`;
  const take = document.querySelector(".take");
  if (take) take.hidden = true; // its command is that of the page as it was loaded
  fetched(asked, false);
}

form.addEventListener("input", (event) => {
  const each = event.target;
  const shown = form.querySelector(`output[for="${CSS.escape(each.id)}"]`);
  if (shown) shown.textContent = each.value + (each.dataset.unit ?? "");
  if (each.dataset.reload === undefined) moved();
});
form.addEventListener("change", (event) => {
  if (event.target.dataset.reload !== undefined) location.assign(`${form.getAttribute("action")}?${query()}`);
});
form.addEventListener("submit", (event) => {
  if (event.submitter?.value === "1") return;
  event.preventDefault();
  location.assign(`${form.getAttribute("action")}?${query()}`);
});
