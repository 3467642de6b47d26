// The sliders of a request.

import { h } from "./dom.js";
import { state, update } from "./state.js";

const SLIDERS = [
  { name: "n", label: "How many", min: 1, max: 50, step: 1, shown: (value) => String(value) },
  { name: "minRating", label: "Liked from", min: 0.5, max: 5, step: 0.5, shown: (value) => `${value} ★`, spoken: (value) => `${value} stars` },
  { name: "diversity", label: "Diversity", min: 0, max: 1, step: 0.05, shown: (value) => value.toFixed(2) },
];

/** Return the sliders. */
export function controls() {
  return h("div", { class: "controls", role: "group", "aria-label": "The request" }, SLIDERS.map(slider));
}

function slider({ name, label, min, max, step, shown, spoken = shown }) {
  const output = h("output", { for: `slider-${name}` });
  const input = h("input", {
    id: `slider-${name}`, type: "range", min: String(min), max: String(max), step: String(step), value: String(state[name]),
    oninput: () => {
      show();
      update({ [name]: Number(input.value) });
    },
  });
  const show = () => {
    const value = Number(input.value);
    output.textContent = shown(value);
    input.setAttribute("aria-valuetext", spoken(value));
    input.style.setProperty("--filled", `${((value - min) / (max - min)) * 100}%`);
  };
  show();
  return h("div", { class: "control" }, h("label", { for: `slider-${name}` }, label), output, input);
}
