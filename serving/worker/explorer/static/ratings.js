// The user's ratings.

import { movies } from "./api.js";
import { byId, h, redraw, redrawRows } from "./dom.js";
import { failure } from "./failure.js";
import { paintThumb, titleOf } from "./films.js";
import { shareButton } from "./share.js";
import { stars } from "./stars.js";
import { rate, state, update } from "./state.js";

export const NEUTRAL_STARS = 2;

const section = byId("ratings");
const list = h("ul", { class: "rated" });
const bar = h("div", { class: "actions" });
const hint = h("p", { class: "quiet" });
let cleared = null;
let openImport = null;

/** Draw the frame once; `open` opens the import. */
export function startRatings(open) {
  openImport = open;
  section.append(h("h2", { id: "ratings-heading" }, "Your ratings"), hint, bar, list);
}

/** Draw the ratings, the newest first. */
export async function drawRatings() {
  const ids = [...state.ratings.keys()].reverse();
  if (ids.length) cleared = null;
  redraw(bar, ids.length ? [shareButton(), importButton(), clearButton()] : [cleared && undoButton(), importButton()]);
  try {
    const known = await movies(ids);
    hint.textContent = ids.length ? "" : "Give stars to a few movies, and the list becomes yours. Your ratings stay in this browser.";
    redrawRows(list, ids.map((id) => row(known.get(id) ?? { movie_id: id, title: `Movie ${id}, not in this version`, genres: [] })));
  } catch (error) {
    redraw(hint, failure(`The titles cannot be shown: ${error.message}`, drawRatings));
  }
}

const importButton = () => h("button", { type: "button", class: "plain", "data-key": "import", onclick: openImport }, "Import");

function clearButton() {
  return h("button", { type: "button", class: "plain", "data-key": "clear", onclick: () => { cleared = state.ratings; update({ ratings: new Map() }); } }, "Clear all");
}

function undoButton() {
  const text = `Undo: bring back ${cleared.size} ${cleared.size === 1 ? "rating" : "ratings"}`;
  return h("button", { type: "button", class: "plain", "data-key": "clear", onclick: () => update({ ratings: cleared }) }, text);
}

function row(movie) {
  const title = titleOf(movie);
  const disliked = state.minRating === null && state.ratings.get(movie.movie_id) < NEUTRAL_STARS;
  return h("li", { "data-row": movie.movie_id, class: disliked ? "disliked" : null }, paintThumb(h("span", { class: "thumb", "aria-hidden": "true" }), movie.genres),
    h("button", { type: "button", class: "film link", "data-key": `rated-${movie.movie_id}`, onclick: () => update({ movie: movie.movie_id }) }, title),
    h("span", { class: "given" }, stars(movie, title, { key: "rated" }), disliked && h("span", { class: "badge down" }, "disliked")),
    h("button", { type: "button", class: "remove", "aria-label": `Remove the rating of ${title}`, onclick: () => rate(movie.movie_id, 0) }, "×"));
}
