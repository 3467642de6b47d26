// One movie: title, year, genres, how often it is rated, stars, and what resembles it.

import { ask, movies } from "./api.js";
import { byId, h, redraw } from "./dom.js";
import { failure } from "./failure.js";
import { colorOf, named, paintCard, ratedTimes, titleOf } from "./films.js";
import { stars } from "./stars.js";
import { state, update } from "./state.js";

const N_SIMILAR = 8;
const WIDE = matchMedia("(min-width: 72.01rem)"); // style.css has a third column from there on
const section = byId("card");
let drawn = null;
let preview = null;
let opener = null;

/** Name the movie whose card is shown while none is open, where there is room for it. */
export function previewCard(movieId) {
  if (preview === movieId) return;
  preview = movieId;
  if (state.movie === null) drawCard();
}

/** Return the key of what opened the card, for the focus to go back to. */
export function cardOpener() {
  const before = opener;
  const focused = document.activeElement;
  if (state.movie !== null && !section.contains(focused)) opener = focused?.dataset?.key ?? null;
  return before;
}

/** Draw the open movie's card, or that of the first movie of the list, or none. */
export async function drawCard({ again = false } = {}) {
  const id = shownMovie();
  section.hidden = id === null;
  if (id === null) {
    drawn = null;
    return section.replaceChildren();
  }
  const isOpen = state.movie !== null;
  const key = `${id} ${isOpen}`;
  if (drawn === key && !again) return;
  drawn = key;
  let title = `Movie ${id}`;
  try {
    const movie = (await movies([id])).get(id);
    if (movie) ({ title } = named(movie.title));
    const similar = movie && (await ask(`movies/${id}/similar?n=${N_SIMILAR}`));
    if (shownMovie() === id) redraw(section, movie ? [...card(movie, isOpen), resembling(similar)] : missing(id));
  } catch (error) {
    drawn = null;
    if (shownMovie() === id) redraw(section, heading(title, isOpen), failure(`The card cannot be shown: ${error.message}.`, drawCard));
  }
}

/** Draw the stars again when the rating has changed elsewhere. */
export function drawCardStars() {
  const input = section.querySelector(".stars input");
  const given = state.ratings.get(shownMovie()) ?? 0;
  if (!input || Number(input.value) === given) return;
  input.value = String(given);
  input.dispatchEvent(new Event("input"));
}

/** Bring the card into view, ready to be rated. */
export function enterCard() {
  (section.querySelector(".stars input") ?? section.querySelector("button"))?.focus({ preventScroll: true });
  const place = section.getBoundingClientRect();
  if (place.top < 0 || place.top > innerHeight * 0.5) section.scrollIntoView({ block: "start", behavior: "smooth" });
}

WIDE.addEventListener("change", () => drawCard());

const shownMovie = () => state.movie ?? (WIDE.matches && state.view === "lists" ? preview : null);

function card(movie, isOpen) {
  const { title, other } = named(movie.title);
  const plate = h("div", { class: "plate" },
    h("h2", { id: "card-heading" }, title), other && h("p", { class: "other" }, other), h("p", { class: "year" }, movie.year ?? "year unknown"));
  paintCard(plate, movie.genres);
  return [
    h("div", { class: "plate-frame" }, plate, isOpen && closeButton(title)),
    h("ul", { class: "genres", "aria-label": "Genres" }, (movie.genres.length ? movie.genres : ["no genre known"]).map(chip)),
    h("p", { class: "quiet" }, `${ratedTimes(movie.n_ratings)} in the training data`.replace(/^./, (letter) => letter.toUpperCase())),
    h("p", { class: "rate" }, h("span", {}, "Your rating"), stars(movie, title, { large: true, key: "card" })),
  ];
}

function closeButton(title) {
  return h("button", { type: "button", class: "close", "aria-label": `Close ${title}`, "data-key": "close-card", onclick: () => update({ movie: null }) }, "×");
}

function heading(title, isOpen) {
  return h("div", { class: "bare-heading" }, h("h2", { id: "card-heading" }, title), isOpen && closeButton(title));
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
  return [heading(`Movie ${id}`, state.movie !== null), h("p", { class: "quiet" }, `This version does not know movie ${id}. Search for a title above.`)];
}
