// What can be taken away: the command of a request, and a link to what is shown.

import { root } from "./api.js";
import { h, say } from "./dom.js";

/** Return the command line that asks for exactly this. */
export function command(body) {
  // A single quote cannot occur in JSON of numbers, so the shell takes it as it is.
  return `curl -s ${new URL("recommend", root).href} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body)}'`;
}

/** Return a button that copies a text. */
export function copyButton(label, textOf, key) {
  const button = h("button", { type: "button", class: "plain", "data-key": key }, label);
  button.addEventListener("click", async () => {
    const done = await copy(textOf());
    button.textContent = done ? "Copied" : "Select and copy by hand";
    say(button.textContent);
    setTimeout(() => { button.textContent = label; }, 1600);
  });
  return button;
}

/** Return a button that copies the link to what is shown. */
export const shareButton = () => copyButton("Copy link", () => location.href, "share");

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}

// Browsers give `navigator.clipboard` to secure pages only, and a service in a local network is none.
function copyTheOldWay(text) {
  const area = h("textarea", { value: text, class: "hidden", "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
