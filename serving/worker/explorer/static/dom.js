// Elements, made and redrawn.

export const byId = (id) => document.getElementById(id);

/** Return a new element. Of the properties, `class`, `aria-*`, `data-*`, `role` and `for` are attributes, `on*` listeners. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name === "for" ? "for" : name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** Replace what an element holds; focus stays on the same key (`data-key`) if that is still there. */
export function redraw(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  element.replaceChildren(...children.flat(2).filter(Boolean));
  if (focused !== undefined) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** Redraw a list whose rows have `data-row`: what stays slides to its place, what is new fades in. */
export function redrawRows(list, rows) {
  const before = new Map([...list.children].map((row) => [row.dataset.row, row.getBoundingClientRect().top]));
  redraw(list, rows);
  if (before.size === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const row of list.children) {
    const from = before.get(row.dataset.row);
    const moved = from === undefined ? 0 : from - row.getBoundingClientRect().top;
    const frames = from === undefined ? [{ opacity: 0 }, { opacity: 1 }] : [{ transform: `translateY(${moved}px)` }, { transform: "none" }];
    if (from === undefined || moved) row.animate(frames, { duration: 260, easing: "ease-out" });
  }
}

/** Let screen readers say something. */
export function say(text) {
  byId("said").textContent = text;
}

/** Return a function that calls `act` once nothing has called it for so long. */
export function later(act, milliseconds) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), milliseconds);
  };
}
