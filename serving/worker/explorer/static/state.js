// What the page shows: in memory, in the address as a link to share, and in this browser's storage. Never on the server.

const KEY = "explorer";
const LIMITS = { n: [1, 50], min: [0.5, 5], div: [0, 1], recency: [0, 2] };
const MAX_RATINGS = 1000;
const PLACES = ["movie", "view", "left", "right", "by"]; // a change of these is an entry of the browser's history

export const changed = new EventTarget();

export const state = {
  ratings: new Map(), // movie id -> stars
  n: 10,
  minRating: null, // null: stars above 2 count for, those below against
  diversity: 0,
  recency: 0,
  genres: [], // only movies of one of these
  yearFrom: null,
  yearTo: null,
  movie: null, // the open card
  view: "lists", // or "compare"
  left: null, // versions that are compared
  right: null,
  by: "ratings", // or "movie"
};

const DEFAULTS = { ...state };

/** Change the state; listeners of `changed` get the names of the changed parts. */
export function update(change) {
  const parts = apply(change);
  if (parts.length === 0) return;
  keep(parts.some((name) => PLACES.includes(name)));
  changed.dispatchEvent(new CustomEvent("change", { detail: new Set(parts) }));
}

/** Fill in what nobody has chosen; nobody is told. */
export function fillIn(values) {
  apply(values);
  keep(false);
}

/** Rate a movie; no stars removes the rating. */
export function rate(movieId, stars) {
  const ratings = new Map(state.ratings);
  if (stars) ratings.set(movieId, stars);
  else ratings.delete(movieId);
  if (ratings.size <= MAX_RATINGS) update({ ratings });
}

/** Add ratings from a file, the first thousand; return how many did not fit. */
export function rateAll(rated) {
  const all = [...new Map([...state.ratings, ...rated])];
  update({ ratings: new Map(all.slice(0, MAX_RATINGS)) });
  return Math.max(0, all.length - MAX_RATINGS);
}

/** Take over what the address says, or else what this browser has kept. */
export function restore() {
  const fragment = location.hash.slice(1);
  const text = fragment.includes("=") ? fragment : stored();
  Object.assign(state, DEFAULTS, read(text));
  keep(false);
}

/** Go where Back or Forward leads: to another card or view. Ratings and sliders stay as they are. */
export function followHistory() {
  const there = read(location.hash.slice(1));
  const parts = apply(Object.fromEntries(PLACES.map((name) => [name, there[name]])));
  keep(false);
  if (parts.length) changed.dispatchEvent(new CustomEvent("change", { detail: new Set(parts) }));
}

/** Return the state as the fragment of a link. */
export function written() {
  const parts = [];
  if (state.ratings.size) parts.push(`r=${[...state.ratings].map(([id, stars]) => `${id}:${stars}`).join(",")}`);
  if (state.n !== DEFAULTS.n) parts.push(`n=${state.n}`);
  if (state.minRating !== null) parts.push(`min=${state.minRating}`);
  if (state.diversity > 0) parts.push(`div=${state.diversity}`);
  if (state.recency > 0) parts.push(`recency=${state.recency}`);
  if (state.genres.length) parts.push(`genres=${state.genres.map(encodeURIComponent).join(",")}`);
  if (state.yearFrom !== null) parts.push(`from=${state.yearFrom}`);
  if (state.yearTo !== null) parts.push(`to=${state.yearTo}`);
  if (state.movie !== null) parts.push(`movie=${state.movie}`);
  if (state.view === "compare") parts.push(`compare=${state.left ?? ""}-${state.right ?? ""}`, `by=${state.by}`);
  return parts.join("&");
}

function apply(change) {
  const parts = Object.keys(change).filter((name) => change[name] !== state[name]);
  Object.assign(state, change);
  return parts;
}

function read(text) {
  const given = new URLSearchParams(text);
  const pairs = (given.get("r") ?? "").split(",").map((pair) => pair.split(":").map(Number));
  const valid = pairs.filter(([id, stars]) => Number.isSafeInteger(id) && stars >= 0.5 && stars <= 5);
  const [left, right] = (given.get("compare") ?? "").split("-");
  return {
    ratings: new Map(valid.slice(0, MAX_RATINGS)),
    n: Math.round(number(given, "n", DEFAULTS.n)),
    minRating: number(given, "min", null),
    diversity: number(given, "div", 0),
    recency: number(given, "recency", 0),
    genres: (given.get("genres") ?? "").split(",").filter(Boolean).slice(0, 50),
    yearFrom: year(given.get("from")),
    yearTo: year(given.get("to")),
    movie: /^-?\d{1,15}$/.test(given.get("movie") ?? "") ? Number(given.get("movie")) : null,
    view: given.has("compare") ? "compare" : "lists",
    left: /^\d+$/.test(left) ? left : null,
    right: /^\d+$/.test(right ?? "") ? right : null,
    by: given.get("by") === "movie" ? "movie" : "ratings",
  };
}

function number(given, name, fallback) {
  const value = Number.parseFloat(given.get(name));
  const [least, most] = LIMITS[name];
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : fallback;
}

const year = (text) => (/^\d{4}$/.test(text ?? "") ? Number(text) : null);

function keep(asEntry) {
  const text = written();
  const address = text ? `#${text}` : location.pathname + location.search;
  // The mark tells an entry of this page from a link that was pasted into the address.
  if (asEntry) history.pushState("explorer", "", address);
  else history.replaceState("explorer", "", address);
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // A browser that keeps nothing still has the address.
  }
}

function stored() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}
