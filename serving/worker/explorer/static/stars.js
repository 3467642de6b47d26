// Stars to rate with: a range input drawn as five stars, so that keyboard and screen reader know it.

import { h } from "./dom.js";
import { rate, state } from "./state.js";

/** Return stars for one movie. */
export function stars(movie, title, { key = "stars", large = false } = {}) {
  const given = state.ratings.get(movie.movie_id) ?? 0;
  const input = h("input", {
    type: "range", min: "0", max: "5", step: "0.5", value: String(given),
    "aria-label": `Your stars for ${title}`, "data-key": `${key}-${movie.movie_id}`,
    oninput: () => show(frame, input),
    onchange: () => rate(movie.movie_id, Number(input.value)),
  });
  const frame = h("span", { class: large ? "stars large" : "stars" }, h("span", { class: "drawn", "aria-hidden": "true" }), input);
  show(frame, input);
  return frame;
}

function show(frame, input) {
  const given = Number(input.value);
  frame.style.setProperty("--given", given);
  input.setAttribute("aria-valuetext", given ? `${given} of 5 stars` : "not rated");
}
