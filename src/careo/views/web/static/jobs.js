// How far jobs are, told by the server. Without this script the page is loaded again every few seconds.
for (const place of document.querySelectorAll("[data-events]")) {
  if (place.dataset.over !== undefined) continue;
  const bar = place.querySelector("progress");
  const sentence = place.querySelector("[data-sentence]");
  const source = new EventSource(place.dataset.events);
  const shown = (event) => {
    const job = JSON.parse(event.data);
    if (job.whole) { bar.max = job.whole; bar.value = job.done; }
    sentence.textContent = job.sentence;
  };
  source.addEventListener("progress", shown);
  for (const name of ["over", "gone"]) source.addEventListener(name, () => { source.close(); location.reload(); });
}
