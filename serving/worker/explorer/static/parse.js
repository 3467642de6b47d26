// Ratings out of a file that somebody has: MovieLens, any CSV with the columns by name, or a Letterboxd export.

const SEPARATORS = ["\t", "::", ";", ","];
const NAMES = {
  user: ["userid", "user", "user_id"],
  movie: ["movieid", "movie", "movie_id", "item", "itemid", "item_id"],
  rating: ["rating", "stars", "your rating"],
  title: ["name", "title"],
  year: ["year"],
};

/**
 * Return `{users, rows}` of a text: each row `{user, movieId, title, year, stars}`, `user` and `movieId` null where the
 * file has none, and how many rows each user has. Throws an Error with one sentence when there is no rating in it.
 */
export function parseRatings(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/).filter((line) => line.trim());
  if (lines.length === 0) throw new Error("there is nothing in it");
  const separator = SEPARATORS.find((one) => lines[0].includes(one)) ?? /\s+/;
  const cells = lines.map((line) => (separator === "," || separator === ";" ? quoted(line, separator) : line.split(separator)));
  const columns = columnsOf(cells[0]);
  const rows = (columns.headed ? cells.slice(1) : cells).map((row) => read(row, columns)).filter(Boolean);
  if (rows.length === 0) throw new Error("no line has a movie and a rating from 0.5 to 5; name the columns movieId and rating, or Name, Year and Rating");
  const users = new Map();
  for (const { user } of rows) users.set(user, (users.get(user) ?? 0) + 1);
  return { users, rows };
}

function columnsOf(head) {
  const names = head.map((cell) => cell.trim().toLowerCase());
  const find = (kind) => names.findIndex((name) => NAMES[kind].includes(name.replace(/:.*$/, "")));
  const rating = find("rating");
  if (rating >= 0) return { headed: true, user: find("user"), movie: find("movie"), rating, title: find("title"), year: find("year") };
  // Without a header: user, movie, rating as in u.data, or movie, rating.
  const three = head.length >= 3;
  return { headed: false, user: three ? 0 : -1, movie: three ? 1 : 0, rating: three ? 2 : 1, title: -1, year: -1 };
}

function read(row, columns) {
  const cell = (kind) => (columns[kind] >= 0 ? (row[columns[kind]] ?? "").trim() : "");
  const stars = Number(cell("rating") || Number.NaN);
  const movieId = /^\d+(\.0+)?$/.test(cell("movie")) ? Number(cell("movie")) : null;
  if (!(stars >= 0.5 && stars <= 5) || (movieId === null && !cell("title"))) return null;
  return { user: cell("user") || null, movieId, title: cell("title"), year: Number(cell("year")) || null, stars };
}

function quoted(line, separator) {
  const cells = [""];
  let inside = false;
  for (const letter of line) {
    if (letter === '"') inside = !inside;
    else if (letter === separator && !inside) cells.push("");
    else cells[cells.length - 1] += letter;
  }
  return cells;
}
