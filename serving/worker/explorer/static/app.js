// The page: what is drawn again when something changes.

import { forgetMovies } from "./api.js";
import { cardOpener, drawCard, drawCardStars, enterCard } from "./card.js";
import { byId, later } from "./dom.js";
import { startModel } from "./model.js";
import { drawRatings, startRatings } from "./ratings.js";
import { drawRecommendations, startRecommendations } from "./recommendations.js";
import { startSearch } from "./search.js";
import { changed, followHistory, restore, state, update } from "./state.js";
import { startTraffic } from "./traffic.js";

const ASKED_FOR = ["ratings", "n", "minRating", "diversity", "recency", "genres", "yearFrom", "yearTo"];
const COMPARED = ["view", "left", "right", "by"];

const drawLists = later(() => (state.view === "compare" ? compare() : drawRecommendations()), 60);

// Loaded when they are first needed: most visits need neither.
const compare = () => import("./compare.js").then(({ drawComparison }) => drawComparison());
const importing = () => import("./import.js");
const life = () => import("./life.js");

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
  if (parts.has("view")) drawView();
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

byId("life").addEventListener("toggle", async ({ target }) => target.open && (await life()).openLife());

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) (await importing()).importFile(file);
});

restore();
startRatings(async () => (await importing()).openImport());
startRecommendations();
startSearch((movie) => update({ movie: movie.movie_id }));
drawAll();
startModel(() => {
  forgetMovies();
  drawAll();
});
startTraffic();
