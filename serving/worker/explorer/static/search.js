// Search with suggestions while typing: an ARIA combobox with a list.

import { ask } from "./api.js";
import { byId, h, later, say } from "./dom.js";
import { named } from "./films.js";

const input = byId("search");
const list = byId("found");
let options = [];
let active = -1;
let asking = null;
let listedFor = null;

/** Begin to listen; `choose` gets the movie that is chosen. */
export function startSearch(choose) {
  const pick = (position) => {
    const movie = options[position];
    if (!movie) return;
    close();
    input.value = "";
    choose(movie);
  };
  // What is listed may still answer what stood there a moment ago.
  const enter = async () => {
    if (listedFor !== input.value.trim()) await suggest();
    pick(Math.max(active, 0));
  };
  input.addEventListener("input", later(suggest, 90));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) suggest();
      else if (options.length) activate(next(event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      enter();
    } else if (event.key === "Escape") {
      event.preventDefault(); // the card stays open
      if (list.hidden) input.value = "";
      close();
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => pick([...list.children].indexOf(event.target.closest("li"))));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=range]), select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
  });
}

async function suggest() {
  asking?.abort();
  const text = input.value.trim();
  if (!text) return close();
  asking = new AbortController();
  try {
    show(await ask(`movies/search?limit=8&q=${encodeURIComponent(text.slice(0, 200))}`, { signal: asking.signal }));
    listedFor = text;
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  }
}

function fail(error) {
  options = [];
  active = -1;
  const again = h("li", { role: "option", id: "option-0", "aria-selected": "false", class: "nothing" },
    `The search does not answer: ${error.message}. `, h("span", { class: "link-like" }, "Try again"));
  again.addEventListener("click", (event) => { event.stopPropagation(); suggest(); });
  open([again]);
  say(`The search does not answer: ${error.message}`);
}

function open(rows) {
  list.replaceChildren(...rows);
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  input.removeAttribute("aria-activedescendant");
}

function show(found) {
  options = found;
  active = -1;
  const rows = found.map((movie, position) => {
    const { title, other } = named(movie.title);
    const year = movie.year ? h("span", { class: "year" }, String(movie.year)) : "";
    return h("li", { role: "option", id: `option-${position}`, "aria-selected": "false" },
      h("span", { class: "film" }, title), " ", other && h("span", { class: "other" }, other), " ", year);
  });
  open(rows.length ? rows : [h("li", { role: "option", "aria-disabled": "true", class: "nothing" }, "No title is like that")]);
  say(`${found.length || "No"} ${found.length === 1 ? "movie" : "movies"} found`);
}

function next(step) {
  const from = active < 0 && step < 0 ? 0 : active;
  return (from + step + options.length) % options.length;
}

function activate(position) {
  list.children[active]?.setAttribute("aria-selected", "false");
  active = position;
  const option = list.children[active];
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function close() {
  asking?.abort();
  listedFor = null;
  options = [];
  active = -1;
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}
