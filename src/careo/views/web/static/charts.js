// A chart's twin, for reading values off it: fetched and drawn when somebody points at the drawing or reaches it by keyboard. If anything
// fails, the drawing stays. Expressions are interpreted, not compiled, so that the page needs no eval.
let library = null;
const load = () => (library ??= new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = "/static/vega.js";
  script.type = "module";
  script.onload = () => (window.vegaEmbed ? resolve(window.vegaEmbed) : reject(new Error("no vegaEmbed")));
  script.onerror = reject;
  document.head.append(script);
}));

const dark = matchMedia("(prefers-color-scheme: dark)");
const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  const text = { labelColor: of("--strong"), titleColor: of("--strong"), gridColor: of("--line"), tickColor: of("--rule"), domainColor: of("--rule") };
  return { font: "system-ui, sans-serif", axis: { ...text, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" } };
};

async function twin(figure) {
  if (figure.dataset.twin) return;
  figure.dataset.twin = "asked";
  const drawn = figure.querySelector(".drawn");
  const place = document.createElement("div");
  place.className = "twin";
  place.hidden = true;
  drawn.after(place);
  try {
    const [embed, spec] = await Promise.all([load(), fetch(figure.dataset.chart).then((answer) => answer.json())]);
    place.style.width = `${drawn.clientWidth}px`;
    place.hidden = false;
    place.style.position = "absolute";
    place.style.visibility = "hidden";
    await embed(place, spec, {
      ast: true, actions: false, renderer: "svg", mode: "vega-lite", defaultStyle: false, config: colours(),
      tooltip: { disableDefaultStyle: true, theme: dark.matches ? "dark" : "light" },
    });
    place.removeAttribute("style");
    drawn.hidden = true;
    figure.dataset.twin = "shown";
  } catch (error) {
    place.remove();
    figure.dataset.twin = "failed";
    console.warn("careo: the drawing stays", error);
  }
}

function watch() {
  for (const figure of document.querySelectorAll("figure[data-chart]:not([data-watched])")) {
    figure.dataset.watched = "yes";
    for (const event of ["pointerenter", "focusin", "touchstart"]) {
      figure.addEventListener(event, () => twin(figure), { once: true, passive: true });
    }
  }
}

document.addEventListener("careo:charts", watch);
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll(".drawn[hidden]")) { each.hidden = false; each.parentElement.querySelector(".twin").hidden = true; }
});
addEventListener("afterprint", () => {
  for (const each of document.querySelectorAll(".twin[hidden]")) { each.hidden = false; each.parentElement.querySelector(".drawn").hidden = true; }
});
watch();
