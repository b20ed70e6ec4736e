// The month by hand: a slider beside the list of months; what depends on the choice is fetched and put in place, the address follows.
const form = document.querySelector("form[data-live]");
const live = form && document.getElementById(form.dataset.live);

if (form && live) {
  const months = form.elements.namedItem("month");
  const options = Array.from(months.options).reverse(); // the oldest first, from left to right
  const label = document.createElement("label");
  const slider = document.createElement("input");
  const told = document.createElement("output");
  label.className = "slide";
  slider.type = "range";
  slider.min = "0";
  slider.max = String(options.length - 1);
  slider.step = "1";
  label.append(months.dataset.slider, told, slider);
  form.querySelector(".row").after(label);

  const tell = () => {
    told.value = options[Number(slider.value)].text;
    slider.setAttribute("aria-valuetext", told.value);
  };
  const follow = () => {
    slider.value = String(options.findIndex((each) => each.selected));
    tell();
  };
  follow();

  let asked = null; // the question under way; only the newest counts
  let again = false;
  const show = async () => {
    asked?.abort();
    const mine = new AbortController();
    asked = mine;
    again = false;
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form)).toString();
    live.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: mine.signal });
      if (!answer.ok) { form.submit(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = live.querySelector("details")?.open;
      live.replaceChildren(...page.getElementById(live.id).childNodes);
      const table = live.querySelector("details");
      if (table && open !== undefined) table.open = open;
      document.querySelector(".take")?.replaceWith(page.querySelector(".take"));
      for (const each of document.querySelectorAll(".tongue, link[hreflang]")) each.href = page.querySelector(".tongue").href;
      document.querySelector(".lead").textContent = page.querySelector(".lead").textContent;
      address.hash = "";
      history.replaceState(null, "", address);
      document.dispatchEvent(new CustomEvent("careo:charts"));
    } catch (error) {
      if (error.name !== "AbortError") form.submit();
      return;
    }
    asked = null;
    live.removeAttribute("aria-busy");
    if (again) show();
  };
  slider.addEventListener("input", () => {
    options[Number(slider.value)].selected = true;
    tell();
    // One question at a time: what the slider passes while an answer is on its way is skipped, where it stops is asked.
    if (asked) again = true;
    else show();
  });
  form.addEventListener("change", (event) => {
    if (event.target === slider) return;
    if (event.target.name === "indicator") { form.requestSubmit(); return; } // other months, another list
    follow();
    show();
  });
  form.addEventListener("submit", () => live.setAttribute("aria-busy", "true"));
}
