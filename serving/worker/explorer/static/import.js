// Bring your own ratings: pasted or dropped, read in this browser only. Titles are looked up one by one.

import { ask, movies } from "./api.js";
import { h, redraw, say } from "./dom.js";
import { titleOf } from "./films.js";
import { parseRatings } from "./parse.js";
import { rateAll } from "./state.js";

const AT_ONCE = 4;
const MAX_FILE_BYTES = 20_000_000;
const SHOWN_UNMATCHED = 50;

const dialog = h("dialog", { class: "import", "aria-labelledby": "import-heading" });
const body = h("div", {});

dialog.append(h("button", { type: "button", class: "close", "aria-label": "Close import", onclick: () => dialog.close() }, "×"),
  h("h2", { id: "import-heading" }, "Import ratings"), body);
document.body.append(dialog);

/** Read a file that was dropped on the page. */
export function importFile(file) {
  openImport();
  return readFile(file);
}

/** Open the dialog. */
export function openImport() {
  const text = h("textarea", { id: "pasted", rows: 7, spellcheck: false, placeholder: "movieId,rating\n1,5\n50,4.5" });
  const file = h("input", { type: "file", id: "file", accept: ".csv,.data,.dat,.txt,.tsv", onchange: () => file.files[0] && readFile(file.files[0]) });
  redraw(body,
    h("p", { class: "quiet" }, "A file of MovieLens (u.data, ratings.csv), a Letterboxd export (ratings.csv), or any table with the columns movieId and rating. It is read in this browser and sent nowhere; titles without an id are looked up by the search."),
    h("p", {}, h("label", { for: "file" }, "Choose a file, or drop it on the page"), file),
    h("p", {}, h("label", { for: "pasted" }, "Or paste it"), text),
    h("p", { class: "actions" }, h("button", { type: "button", class: "plain", onclick: () => take(text.value) }, "Read")),
    h("div", { id: "imported", role: "status" }));
  if (!dialog.open) dialog.showModal();
}

async function readFile(file) {
  if (file.size > MAX_FILE_BYTES) return complain(`${file.name} is larger than 20 MB; cut out the ratings of one user`);
  return take(await file.text());
}

function take(text) {
  try {
    const { users, rows } = parseRatings(text);
    if (users.size === 1) return importRows(rows);
    return chooseUser(users, rows);
  } catch (error) {
    return complain(`This cannot be read: ${error.message}.`);
  }
}

function chooseUser(users, rows) {
  const options = [...users].sort((one, other) => other[1] - one[1]).slice(0, 1000).map(([user, count]) => h("option", { value: user }, `User ${user}: ${count} ratings`));
  const select = h("select", { id: "whose" }, options);
  redraw(result(), h("p", {}, h("label", { for: "whose" }, `The file holds ratings of ${users.size.toLocaleString("en")} users. Whose? `), select, " ",
    h("button", { type: "button", class: "plain", onclick: () => importRows(rows.filter((row) => row.user === select.value)) }, "Import these")));
}

async function importRows(rows) {
  redraw(result(), h("p", {}, `Matching ${rows.length} ${rows.length === 1 ? "rating" : "ratings"} …`));
  const rated = new Map();
  const unmatched = [];
  try {
    const known = await movies(rows.map((row) => row.movieId).filter((id) => id !== null));
    const queue = [...rows];
    const work = async () => {
      for (let row = queue.shift(); row; row = queue.shift()) {
        const id = known.has(row.movieId) ? row.movieId : row.title ? await findTitle(row) : null;
        if (id === null) unmatched.push(row.title || `movie ${row.movieId}`);
        else rated.set(id, Math.round(row.stars * 2) / 2);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } catch (error) {
    return complain(`The titles cannot be looked up: ${error.message}. Try again.`);
  }
  const tooMany = rateAll(rated);
  return report(rated.size - tooMany, unmatched, tooMany);
}

async function findTitle({ title, year }) {
  const found = await ask(`movies/search?limit=8&q=${encodeURIComponent(title.slice(0, 200))}`);
  const same = (movie) => plain(titleOf(movie)) === plain(title) && (!year || !movie.year || Math.abs(movie.year - year) <= 1);
  return found.find(same)?.movie_id ?? null;
}

const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

function report(count, unmatched, tooMany) {
  const text = `${count} ${count === 1 ? "rating" : "ratings"} imported`;
  const rest = unmatched.length > SHOWN_UNMATCHED ? [`and ${unmatched.length - SHOWN_UNMATCHED} more`] : [];
  redraw(result(), h("p", {}, h("strong", {}, text), tooMany ? `; ${tooMany} more than a request may hold are left out` : "", unmatched.length ? "; this version does not know:" : "."),
    unmatched.length && h("ul", { class: "unmatched" }, [...unmatched.slice(0, SHOWN_UNMATCHED), ...rest].map((title) => h("li", {}, title))),
    h("p", { class: "actions" }, h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Done")));
  say(text);
}

function complain(message) {
  redraw(result(), h("p", { class: "failure", role: "alert" }, message));
}

const result = () => dialog.querySelector("#imported");
