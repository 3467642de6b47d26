// The page: what is drawn again when something changes.

import { forgetMovies } from "./api.js";
import { drawCard, drawCardStars, enterCard } from "./card.js";
import { drawComparison } from "./compare.js";
import { byId, later, say } from "./dom.js";
import { startModel } from "./model.js";
import { drawRatings } from "./ratings.js";
import { drawRecommendations, startRecommendations } from "./recommendations.js";
import { startSearch } from "./search.js";
import { changed, restore, state, update } from "./state.js";

const ASKED_FOR = ["ratings", "n", "minRating", "diversity"];
const COMPARED = ["view", "left", "right", "by"];
let opener = null;

const drawLists = later(() => (state.view === "compare" ? drawComparison() : drawRecommendations()), 60);

function guarded(draw) {
  return draw().catch((error) => say(`The service does not answer: ${error.message}`));
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
  const before = opener;
  if (state.movie !== null) opener = document.activeElement?.dataset?.key ?? null;
  await guarded(drawCard);
  if (state.movie !== null) enterCard();
  else if (before) document.querySelector(`[data-key="${CSS.escape(before)}"]`)?.focus();
}

changed.addEventListener("change", ({ detail: parts }) => {
  const any = (names) => names.some((name) => parts.has(name));
  if (parts.has("view")) drawView();
  if (parts.has("ratings")) guarded(drawRatings).then(drawCardStars);
  if (parts.has("movie")) drawMovie();
  if (any(ASKED_FOR) || any(COMPARED) || (parts.has("movie") && state.view === "compare" && state.by === "movie")) drawLists();
});

function drawAll() {
  drawView();
  drawLists();
  guarded(drawRatings);
  guarded(() => drawCard({ again: true }));
}

addEventListener("hashchange", () => {
  // A link that was pasted into the address.
  if (location.hash.includes("=")) location.reload();
});

byId("view-lists").addEventListener("click", () => update({ view: "lists" }));
byId("view-compare").addEventListener("click", () => update({ view: "compare" }));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("lists").focus();
});

restore();
startRecommendations();
startSearch((movie) => update({ movie: movie.movie_id }));
drawAll();
startModel(() => {
  forgetMovies();
  drawAll();
});
