// Shows what stands on a page of its own where it is linked from. Without this script the link leads there.
for (const place of document.querySelectorAll("[data-more]")) {
  const link = place.querySelector("a");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet here-too";
  button.textContent = place.dataset.more;
  button.setAttribute("aria-expanded", "false");
  let shown = null;

  const fetched = async () => {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(answer.statusText);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = document.createElement("div");
    made.className = "fetched";
    for (const piece of found.querySelectorAll("[data-piece]")) {
      for (const each of [piece, ...piece.querySelectorAll("[id], [aria-labelledby]")]) {
        each.removeAttribute("id"); // of another page: here it may be taken
        each.removeAttribute("aria-labelledby");
      }
      for (const each of piece.querySelectorAll('a[href^="#"]')) each.href = new URL(each.getAttribute("href"), link.href);
      made.append(piece);
    }
    return made;
  };

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (!shown) {
        shown = await fetched();
        place.after(shown);
        shown.hidden = true;
      }
      shown.hidden = !shown.hidden;
      button.setAttribute("aria-expanded", String(!shown.hidden));
    } catch {
      location.assign(link.href);
    } finally {
      button.disabled = false;
      button.focus();
    }
  });
  place.append(" ", button);
}
