// One movie: title, year, genres, how often it is rated, stars, and what resembles it.

import { ask, movies } from "./api.js";
import { byId, h, redraw } from "./dom.js";
import { colorOf, named, paintCard, ratedTimes, titleOf } from "./films.js";
import { stars } from "./stars.js";
import { state, update } from "./state.js";

const N_SIMILAR = 8;
const section = byId("card");
let drawn = null;

/** Draw the open movie's card, or none. */
export async function drawCard({ again = false } = {}) {
  const id = state.movie;
  section.hidden = id === null;
  if (id === null) {
    drawn = null;
    return section.replaceChildren();
  }
  if (drawn === id && !again) return;
  const movie = (await movies([id])).get(id);
  const similar = movie && (await ask(`movies/${id}/similar?n=${N_SIMILAR}`));
  if (state.movie !== id) return;
  drawn = id;
  redraw(section, movie ? [...card(movie), resembling(similar)] : missing(id));
}

/** Draw the stars again when the rating has changed elsewhere. */
export function drawCardStars() {
  const input = section.querySelector(".stars input");
  const given = state.ratings.get(state.movie) ?? 0;
  if (!input || Number(input.value) === given) return;
  input.value = String(given);
  input.dispatchEvent(new Event("input"));
}

/** Bring the card into view, ready to be rated. */
export function enterCard() {
  section.querySelector(".stars input")?.focus({ preventScroll: true });
  const place = section.getBoundingClientRect();
  if (place.top < 0 || place.top > innerHeight * 0.5) section.scrollIntoView({ block: "start", behavior: "smooth" });
}

function card(movie) {
  const { title, other } = named(movie.title);
  const plate = h("div", { class: "plate" },
    h("h2", { id: "card-heading" }, title), other && h("p", { class: "other" }, other), h("p", { class: "year" }, movie.year ?? "year unknown"));
  paintCard(plate, movie.genres);
  const close = h("button", { type: "button", class: "close", "aria-label": `Close ${title}`, "data-key": "close-card", onclick: () => update({ movie: null }) }, "×");
  return [
    h("div", { class: "plate-frame" }, plate, close),
    h("ul", { class: "genres", "aria-label": "Genres" }, (movie.genres.length ? movie.genres : ["no genre known"]).map(chip)),
    h("p", { class: "quiet" }, `${ratedTimes(movie.n_ratings)} in the training data`.replace(/^./, (letter) => letter.toUpperCase())),
    h("p", { class: "rate" }, h("span", {}, "Your rating"), stars(movie, title, { large: true })),
  ];
}

function chip(genre) {
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  dot.style.background = colorOf(genre);
  return h("li", {}, dot, genre);
}

function resembling(similar) {
  const found = similar.similar_movies;
  if (found.length === 0) return h("p", { class: "quiet" }, "Nothing resembles it as far as this version knows.");
  return h("div", {}, h("h3", {}, "Similar movies"), h("ol", { class: "similar" }, found.map(similarRow)));
}

function similarRow(movie) {
  const strength = h("span", { class: "strength", "aria-hidden": "true" }, h("span"));
  strength.firstChild.style.width = `${movie.similarity * 100}%`;
  return h("li", {},
    h("button", { type: "button", class: "film link", "data-key": `similar-${movie.movie_id}`, onclick: () => update({ movie: movie.movie_id }) }, titleOf(movie)),
    h("span", { class: "number" }, h("span", { class: "hidden" }, "similarity "), movie.similarity.toFixed(2)), strength);
}

function missing(id) {
  return h("p", { class: "quiet", id: "card-heading" }, `This version does not know movie ${id}.`);
}
