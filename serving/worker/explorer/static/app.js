// The page: what is drawn again when something changes.

import { forgetMovies } from "./api.js";
import { cardOpener, drawCard, drawCardStars, enterCard } from "./card.js";
import { byId, later, redraw } from "./dom.js";
import { failure } from "./failure.js";
import { startModel } from "./model.js";
import { drawRatings, startRatings } from "./ratings.js";
import { drawRecommendations, startRecommendations } from "./recommendations.js";
import { startSearch } from "./search.js";
import { changed, followHistory, restore, state, update } from "./state.js";
import { startTraffic } from "./traffic.js";

const ASKED_FOR = ["ratings", "n", "minRating", "diversity", "recency", "genres", "yearFrom", "yearTo"];
const COMPARED = ["view", "left", "right", "by"];

const drawLists = later(() => (state.view === "compare" ? compare() : drawRecommendations()), 60);

// Loaded when they are first needed: most visits need none of them.
const compare = () => withScript("compare", byId("compare"), ({ drawComparison }) => drawComparison());
const importing = (use) => withScript("import", byId("notice"), use);
const life = () => withScript("life", byId("life").querySelector("div"), ({ openLife }) => openLife());
const failures = new Map();

/** Use a script; where it cannot be loaded, say so in a place of the page and offer to try again. */
async function withScript(name, place, use) {
  // Some browsers remember that an address failed, so that the next try needs another one.
  const again = failures.has(name) ? `?again=${failures.get(name)}` : "";
  const script = await import(`./${name}.js${again}`).catch(() => null);
  if (script) {
    place.querySelector(".failure")?.remove();
    return use(script);
  }
  failures.set(name, (failures.get(name) ?? 0) + 1);
  return redraw(place, failure("This part of the page cannot be loaded: the service cannot be reached.", () => withScript(name, place, use)));
}

function drawView() {
  const comparing = state.view === "compare";
  document.body.dataset.view = state.view;
  byId("compare").hidden = !comparing;
  byId("recommendations").hidden = comparing;
  byId("view-lists").setAttribute("aria-pressed", String(!comparing));
  byId("view-compare").setAttribute("aria-pressed", String(comparing));
}

async function drawMovie() {
  const before = cardOpener();
  await drawCard();
  if (state.movie !== null) enterCard();
  else if (before) document.querySelector(`[data-key="${CSS.escape(before)}"]`)?.focus();
}

changed.addEventListener("change", ({ detail: parts }) => {
  const any = (names) => names.some((name) => parts.has(name));
  if (parts.has("view")) {
    drawView();
    if (state.movie === null) drawCard(); // the card of a list's first movie belongs to the lists
  }
  if (parts.has("ratings")) drawRatings().then(drawCardStars);
  if (parts.has("movie")) drawMovie();
  if (any(ASKED_FOR) || any(COMPARED) || (parts.has("movie") && state.view === "compare" && state.by === "movie")) drawLists();
});

function drawAll() {
  drawView();
  drawLists();
  drawRatings();
  drawCard({ again: true });
}

addEventListener("popstate", (event) => {
  if (event.state === "explorer") followHistory();
  else if (location.hash.includes("=")) location.reload(); // a link that was pasted into the address
});

byId("view-lists").addEventListener("click", () => update({ view: "lists" }));
byId("view-compare").addEventListener("click", () => update({ view: "compare" }));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("lists").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && state.movie !== null) update({ movie: null });
});

byId("life").addEventListener("toggle", ({ target }) => target.open && life());

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) importing(({ importFile }) => importFile(file));
});

restore();
startRatings(() => importing(({ openImport }) => openImport()));
startRecommendations();
startSearch((movie) => update({ movie: movie.movie_id }));
drawAll();
startModel(() => {
  forgetMovies();
  drawAll();
});
startTraffic();
