// What the page shows: in memory, in the address as a link to share, and in this browser's storage. Never on the server.

const KEY = "explorer";
const LIMITS = { n: [1, 50], min: [0.5, 5], div: [0, 1] };
const MOST_RATINGS = 1000;

export const changed = new EventTarget();

export const state = {
  ratings: new Map(), // movie id -> stars
  n: 10,
  minRating: 3.5,
  diversity: 0,
  movie: null, // the open card
  view: "lists", // or "compare"
  left: null, // versions that are compared
  right: null,
  by: "ratings", // or "movie"
};

const DEFAULTS = { ...state };

/** Change the state; whoever listens to `changed` hears which parts. */
export function update(change) {
  const parts = Object.keys(change).filter((name) => change[name] !== state[name]);
  if (parts.length === 0) return;
  Object.assign(state, change);
  keep();
  changed.dispatchEvent(new CustomEvent("change", { detail: new Set(parts) }));
}

/** Fill in what nobody has chosen; nobody is told. */
export function fillIn(values) {
  Object.assign(state, values);
  keep();
}

/** Rate a movie; no stars takes the rating back. */
export function rate(movieId, stars) {
  const ratings = new Map(state.ratings);
  if (stars) ratings.set(movieId, stars);
  else ratings.delete(movieId);
  if (ratings.size <= MOST_RATINGS) update({ ratings });
}

/** Take over what the address says, or else what this browser has kept. */
export function restore() {
  const fragment = location.hash.slice(1);
  const text = fragment.includes("=") ? fragment : stored();
  Object.assign(state, DEFAULTS, read(text));
  return fragment.includes("=");
}

/** Return the state as the fragment of a link. */
export function written() {
  const parts = [];
  if (state.ratings.size) parts.push(`r=${[...state.ratings].map(([id, stars]) => `${id}:${stars}`).join(",")}`);
  if (state.n !== DEFAULTS.n) parts.push(`n=${state.n}`);
  if (state.minRating !== DEFAULTS.minRating) parts.push(`min=${state.minRating}`);
  if (state.diversity !== DEFAULTS.diversity) parts.push(`div=${state.diversity}`);
  if (state.movie !== null) parts.push(`movie=${state.movie}`);
  if (state.view === "compare") parts.push(`compare=${state.left ?? ""}-${state.right ?? ""}`, `by=${state.by}`);
  return parts.join("&");
}

function read(text) {
  const given = new URLSearchParams(text);
  const pairs = (given.get("r") ?? "").split(",").map((pair) => pair.split(":").map(Number));
  const valid = pairs.filter(([id, stars]) => Number.isSafeInteger(id) && stars >= 0.5 && stars <= 5);
  const [left, right] = (given.get("compare") ?? "").split("-");
  return {
    ratings: new Map(valid.slice(0, MOST_RATINGS)),
    n: Math.round(number(given, "n", DEFAULTS.n)),
    minRating: number(given, "min", DEFAULTS.minRating),
    diversity: number(given, "div", DEFAULTS.diversity),
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

function keep() {
  const text = written();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
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
