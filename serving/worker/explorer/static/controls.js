// The sliders of a request, and which movies may come up.

import { ask } from "./api.js";
import { h, redraw } from "./dom.js";
import { colorOf } from "./films.js";
import { state, update } from "./state.js";

const SLIDERS = [
  { name: "n", label: "How many", help: "Movies in the list", min: 1, max: 50, step: 1, shown: (value) => String(value) },
  {
    name: "minRating", label: "Liked from", help: "Stars count for and against, or as likes only from here on",
    min: 0, max: 5, step: 0.5, shown: (value) => (value ? `${value} ★` : "±"), spoken: (value) => (value ? `${value} stars` : "both ways"), given: (value) => value || null,
  },
  { name: "diversity", label: "Diversity", help: "From score alone to all unlike one another", min: 0, max: 1, step: 0.05, shown: (value) => value.toFixed(2) },
  { name: "recency", label: "Recency", help: "Raises what is rated more lately", min: 0, max: 2, step: 0.1, shown: (value) => value.toFixed(1) },
];

const sliders = h("div", { class: "controls", role: "group", "aria-label": "The request" });
const filters = h("div", { class: "filters", role: "group", "aria-label": "Which movies may come up" });
let drawnFor = null;

/** Return sliders and filters; the sliders are hidden until something is rated. */
export function controls() {
  sliders.append(...SLIDERS.map(slider));
  sliders.hidden = state.ratings.size === 0;
  return [sliders, filters];
}

/** Show what belongs to the state. */
export async function drawControls() {
  sliders.hidden = state.ratings.size === 0;
  const key = JSON.stringify([state.genres, state.yearFrom, state.yearTo]);
  if (drawnFor === key) return;
  const model = await ask("model");
  drawnFor = key;
  const [first, last] = model.years ?? [null, null];
  redraw(filters,
    h("details", { class: "narrow", open: filters.querySelector("details")?.open ?? isNarrowed() },
      h("summary", { "data-key": "narrow" }, isNarrowed() ? `Only ${narrowed()}` : "All genres and years"),
      h("ul", { class: "chips", "aria-label": "Genres" }, model.genres.map(chip)),
      first !== null && h("p", { class: "span" }, yearInput("yearFrom", "From", first, last), yearInput("yearTo", "to", first, last),
        isNarrowed() && h("button", { type: "button", class: "plain", "data-key": "all", onclick: () => update({ genres: [], yearFrom: null, yearTo: null }) }, "All"))));
}

const isNarrowed = () => state.genres.length > 0 || state.yearFrom !== null || state.yearTo !== null;

function narrowed() {
  const years = [state.yearFrom !== null && `from ${state.yearFrom}`, state.yearTo !== null && `to ${state.yearTo}`].filter(Boolean);
  return [state.genres.join(", "), years.join(" ")].filter(Boolean).join(", ");
}

function chip(genre) {
  const chosen = state.genres.includes(genre);
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  dot.style.background = colorOf(genre);
  const toggle = () => update({ genres: chosen ? state.genres.filter((other) => other !== genre) : [...state.genres, genre] });
  return h("li", {}, h("button", { type: "button", class: "chip", "aria-pressed": String(chosen), "data-key": `genre-${genre}`, onclick: toggle }, dot, genre));
}

function yearInput(name, label, first, last) {
  const change = (event) => update({ [name]: /^\d{4}$/.test(event.target.value) ? Number(event.target.value) : null });
  return h("label", {}, label, " ", h("input", {
    type: "number", inputMode: "numeric", min: String(first), max: String(last), step: "1", value: state[name] ?? "",
    placeholder: String(name === "yearFrom" ? first : last), "data-key": name, onchange: change,
  }));
}

function slider({ name, label, help, min, max, step, shown, spoken = shown, given = (value) => value }) {
  const output = h("output", { for: `slider-${name}` });
  const input = h("input", {
    id: `slider-${name}`, type: "range", min: String(min), max: String(max), step: String(step), value: String(state[name] ?? 0),
    "aria-describedby": `help-${name}`,
    oninput: () => {
      show();
      update({ [name]: given(Number(input.value)) });
    },
  });
  const show = () => {
    const value = Number(input.value);
    output.textContent = shown(value);
    input.setAttribute("aria-valuetext", spoken(value));
    input.style.setProperty("--filled", `${((value - min) / (max - min)) * 100}%`);
  };
  show();
  return h("div", { class: "control" }, h("label", { for: `slider-${name}` }, label), output, input, h("p", { class: "help", id: `help-${name}` }, help));
}
