// Questions to the service. Whoever wants to know of a change of version listens to `versionSeen`.

export const root = new URL("../", import.meta.url);
export const versionSeen = new EventTarget();

let token = null;

/** Keep the admin token for as long as the page is open, and nowhere else. */
export function useToken(given) {
  token = given;
}

// A random number of this browser: while two versions share the traffic, it always gets the lists of the same one.
const caller = (() => {
  const drawn = crypto.getRandomValues(new Uint32Array(2)).join("-");
  try {
    localStorage["explorer-caller"] ??= drawn;
    return localStorage["explorer-caller"];
  } catch {
    return drawn; // this browser keeps nothing
  }
})();

export class Refusal extends Error {
  constructor(status, body) {
    const detail = Array.isArray(body.detail) ? body.detail.map((found) => found.msg).join("; ") : body.detail;
    super(detail || `the service answered ${status}`);
    this.status = status;
  }
}

/** Return the answer of a route as JSON; a body makes it a POST, and `version` lets another version answer. */
export async function ask(path, { body, version, signal, method, admin } = {}) {
  const url = new URL(path, root);
  if (version) url.searchParams.set("version", version);
  const headers = { "X-User-ID": caller, ...(body && { "Content-Type": "application/json" }) };
  if ((version || admin) && token) headers.Authorization = `Bearer ${token}`;
  const request = { method: method ?? (body ? "POST" : "GET"), headers, signal, body: body && JSON.stringify(body) };
  const answer = await fetch(url, request).catch((error) => {
    throw error.name === "AbortError" ? error : new Error("the service cannot be reached");
  });
  const content = await answer.json().catch(() => ({}));
  const seen = answer.headers.get("X-Model-Version");
  if (!version && seen && seen !== "none") {
    versionSeen.dispatchEvent(new CustomEvent("version", { detail: seen }));
    if (path === "recommend") versionSeen.dispatchEvent(new CustomEvent("list", { detail: seen }));
  }
  if (!answer.ok) throw new Refusal(answer.status, content);
  return content;
}

/** Return the body of `POST /recommend` for a state. */
export function question(state) {
  const ratings = Object.fromEntries([...state.ratings].sort(([one], [other]) => one - other));
  const body = { user_ratings: ratings, n: state.n };
  if (state.minRating !== null) body.min_rating = state.minRating;
  if (state.diversity > 0) body.diversity = state.diversity;
  if (state.recency > 0) body.recency = state.recency;
  const filter = {};
  if (state.genres.length) filter.genres = state.genres;
  if (state.yearFrom !== null) filter.year_from = state.yearFrom;
  if (state.yearTo !== null) filter.year_to = state.yearTo;
  if (Object.keys(filter).length) body.filter = filter;
  return body;
}

const known = new Map();

/** Return the movies of these ids, by id, with their genres; each is asked for once. */
export async function movies(ids) {
  const missing = [...new Set(ids)].filter((id) => !known.has(id));
  for (let start = 0; start < missing.length; start += 200) {
    const answer = await ask(`movies?ids=${missing.slice(start, start + 200).join(",")}`);
    for (const movie of answer.movies) known.set(movie.movie_id, movie);
  }
  return known;
}

/** Forget the movies: another version may have counted other ratings. */
export function forgetMovies() {
  known.clear();
}
