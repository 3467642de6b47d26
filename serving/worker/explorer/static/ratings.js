// The movies that the user has rated.

import { movies } from "./api.js";
import { byId, h, redraw, redrawRows } from "./dom.js";
import { paintStripe, titleOf } from "./films.js";
import { shareButton } from "./share.js";
import { stars } from "./stars.js";
import { rate, state, update } from "./state.js";

const section = byId("ratings");
const list = h("ul", { class: "rated" });
const bar = h("div", { class: "actions" });
const hint = h("p", { class: "quiet" });

/** Draw the ratings, the newest first. */
export async function drawRatings() {
  if (!section.children.length) section.append(h("h2", { id: "ratings-heading" }, "Your ratings"), hint, list, bar);
  const known = await movies(state.ratings.keys());
  const ids = [...state.ratings.keys()].reverse();
  hint.textContent = ids.length ? "" : "Rate a few movies, and the list becomes yours. Your ratings stay in this browser.";
  redrawRows(list, ids.map((id) => row(known.get(id) ?? { movie_id: id, title: `Movie ${id}, not in this version`, genres: [] })));
  redraw(bar, ids.length && [shareButton(), h("button", { type: "button", class: "plain", onclick: () => update({ ratings: new Map() }) }, "Clear all")]);
}

function row(movie) {
  const title = titleOf(movie);
  const stripe = h("span", { class: "stripe" });
  paintStripe(stripe, movie.genres);
  return h("li", { "data-row": movie.movie_id }, stripe,
    h("button", { type: "button", class: "film link", "data-key": `rated-${movie.movie_id}`, onclick: () => update({ movie: movie.movie_id }) }, title),
    stars(movie, title, { key: "rated" }),
    h("button", { type: "button", class: "remove", "aria-label": `Take back the rating of ${title}`, onclick: () => rate(movie.movie_id, 0) }, "×"));
}
