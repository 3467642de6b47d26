// What went wrong, for everybody to see, and a way on.

import { h } from "./dom.js";

/** Return a message with a button that tries again. */
export function failure(message, again) {
  return h("p", { class: "failure", role: "alert" }, message, " ",
    h("button", { type: "button", class: "plain", "data-key": "try-again", onclick: () => again() }, "Try again"));
}
