// Hands a text in without leaving the page: first its text, then its statements as they are found, then the finished page.
// Without this module the form works as it is and the finished page comes at once.
const form = document.querySelector("[data-give]");
const progress = document.querySelector("[data-progress]");

function shown(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

// A paragraph whose marks grow: text only, never mark-up, whatever the document holds.
class Paragraph {
  constructor(block) {
    this.text = block.text;
    this.marks = [];
    this.element = shown("p", block.text, `role-${block.role}`);
  }

  add(mark) {
    this.marks.push(mark);
    const letters = Array.from(this.text);
    this.element.textContent = "";
    let at = 0;
    for (const each of this.marks.slice().sort((a, b) => a.from - b.from || b.length - a.length)) {
      if (each.from < at || each.from + each.length > letters.length) continue;
      this.element.append(letters.slice(at, each.from).join(""));
      this.element.append(shown("mark", letters.slice(each.from, each.from + each.length).join(""), `k-${each.kind}`));
      at = each.from + each.length;
    }
    this.element.append(letters.slice(at).join(""));
  }
}

function follow(address) {
  const [path, query] = address.split("?");
  const status = shown("p", form.dataset.reading, "busy");
  const paper = shown("div", undefined, "paper streamed");
  progress.replaceChildren(status);
  progress.after(paper);
  let paragraphs = [];
  let count = 0;
  const events = new EventSource(`${path}/stream/statements${query ? `?${query}` : ""}`);
  events.addEventListener("text", (event) => {
    const told = JSON.parse(event.data);
    paper.lang = told.language;
    paragraphs = told.blocks.map((block) => new Paragraph(block));
    paper.replaceChildren(...paragraphs.map((each) => each.element));
  });
  events.addEventListener("found", (event) => {
    for (const mark of JSON.parse(event.data)) {
      paragraphs[mark.block]?.add(mark);
      count += 1;
    }
    status.textContent = form.dataset.found.replace("{count}", count);
  });
  events.addEventListener("done", () => {
    events.close();
    location.assign(address);
  });
  events.addEventListener("failed", (event) => {
    events.close();
    status.textContent = JSON.parse(event.data).sentence;
  });
  events.onerror = () => {
    events.close();
    location.assign(address); // the finished page says what is wrong, if anything is
  };
}

async function hand(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  progress.replaceChildren(shown("p", form.dataset.reading, "busy"));
  try {
    const answer = await fetch(`${form.getAttribute("action")}.json`, { method: "POST", body: new FormData(form) });
    const told = await answer.json();
    if (answer.ok) follow(told.address);
    else progress.replaceChildren(shown("pre", told.error.sentence, "sentence"));
  } catch {
    progress.replaceChildren(shown("p", form.dataset.failed, "warn"));
  } finally {
    button.disabled = false;
  }
}

if (form) {
  form.addEventListener("submit", hand);
  const drop = form.querySelector("[data-drop]");
  const input = form.querySelector("input[type=file]");
  for (const name of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        form.requestSubmit();
      }
    });
  }
}
