// Stars to rate with: a range input drawn as five stars, so that keyboard and screen reader know it.

import { h, later } from "./dom.js";
import { rate, state } from "./state.js";

// In a list a rated movie leaves its place, so the arrow keys preview, and rate once they rest.
const KEYS_REST_MILLISECONDS = 900;

/** Return stars for one movie. */
export function stars(movie, title, { key = "stars", large = false, leaves = false } = {}) {
  const given = state.ratings.get(movie.movie_id) ?? 0;
  const commit = () => rate(movie.movie_id, Number(input.value));
  const commitLater = later(() => input.isConnected && commit(), KEYS_REST_MILLISECONDS);
  let byPointer = false;
  const input = h("input", {
    type: "range", min: "0", max: "5", step: "0.5", value: String(given),
    "aria-label": `Your stars for ${title}`, "data-key": `${key}-${movie.movie_id}`,
    oninput: () => show(frame, input),
    onpointerdown: () => { byPointer = true; },
    onpointermove: (event) => event.pointerType === "mouse" && fill(frame, starsAt(event, input)),
    onpointerleave: () => show(frame, input),
    onkeydown: (event) => {
      byPointer = false;
      if (event.key === "Enter") commit();
    },
    onchange: () => (leaves && !byPointer ? commitLater() : commit()),
  });
  const frame = h("span", { class: large ? "stars large" : "stars" }, h("span", { class: "drawn", "aria-hidden": "true" }), input);
  show(frame, input);
  return frame;
}

function show(frame, input) {
  const given = Number(input.value);
  fill(frame, given);
  input.setAttribute("aria-valuetext", given ? `${given} of 5 stars` : "not rated");
}

function fill(frame, given) {
  frame.style.setProperty("--given", given);
}

/** Return the stars that a click here would give: the input is half a star wider than the drawn stars. */
function starsAt(event, input) {
  const star = input.getBoundingClientRect().width / 5.5;
  return Math.min(5, Math.max(0, Math.round((event.offsetX / star - 0.25) * 2) / 2));
}
