// Two versions side by side, for the same ratings or the same movie.

import { ask, question, Refusal, useToken } from "./api.js";
import { metricTable } from "./compare_metrics.js";
import { byId, h, redraw, say } from "./dom.js";
import { failure } from "./failure.js";
import { titleOf } from "./films.js";
import { servedModel } from "./model.js";
import { jaccard, rankBiasedOverlap, shared, steps } from "./overlap.js";
import { fillIn, state, update } from "./state.js";
import { listVersions, ready, usualPair } from "./versions.js";

const ROW_HEIGHT = 56; // of lists.css; the lines between the lists rely on it
const GUTTER = 100;
const section = byId("compare");
const body = h("div", {});
let known = null;
let asking = null;

/** Ask both versions and draw what they say. */
export async function drawComparison() {
  if (!section.children.length) section.append(h("h2", { id: "compare-heading", tabIndex: -1 }, "Compare two versions"), body);
  asking?.abort();
  const own = (asking = new AbortController());
  section.setAttribute("aria-busy", "true");
  try {
    if (!(await mayCompare())) return;
    known = await listVersions();
    if (!choose()) return;
    await drawPair(own.signal);
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  } finally {
    if (asking === own) section.removeAttribute("aria-busy");
  }
}

async function mayCompare() {
  const comparing = (await servedModel())?.comparing ?? "open";
  if (comparing === "closed") redraw(body, h("p", {}, "Comparing is closed here. Set RECSYS_API__ADMIN_TOKEN for the service to open it to whoever has the token."));
  if (comparing === "token" && !known) return askForToken("");
  return comparing !== "closed";
}

function askForToken(complaint) {
  const input = h("input", { id: "token", type: "password", autocomplete: "off", required: true });
  const use = (event) => {
    event.preventDefault();
    useToken(input.value);
    known = { versions: [] };
    drawComparison();
  };
  redraw(body, h("form", { class: "token", onsubmit: use },
    h("label", { for: "token" }, "In production, comparing needs the admin token. It is kept until you leave the page."),
    h("div", { class: "actions" }, input, h("button", { type: "submit", class: "plain" }, "Use")), complaint && h("p", { role: "alert" }, complaint)));
  return false;
}

function choose() {
  if (known.versions.length < 2) {
    redraw(body, h("p", {}, "There are not two registered versions to compare yet. Train another: python -m training train"));
    return false;
  }
  const [left, right] = usualPair(known);
  fillIn({ left: state.left ?? left, right: state.right ?? right });
  const unknown = [...new Set([state.left, state.right])].filter((version) => !find(version));
  if (unknown.length === 0) return true;
  const names = known.versions.map((listed) => listed.version).join(", ");
  redraw(body, choices(), h("p", { class: "failure", role: "alert" },
    `${unknown.map((version) => `Version ${version}`).join(" and ")} ${unknown.length > 1 ? "are" : "is"} not registered; choose among ${names}.`));
  return false;
}

async function drawPair(signal) {
  const pair = [state.left, state.right];
  if (!body.querySelector(".pair")) redraw(body, choices(), h("p", { class: "quiet" }, `Versions ${pair.join(" and ")} are being made ready …`));
  await Promise.all(pair.map((version) => ready(version, signal)));
  const answers = await Promise.all(pair.map((version) => listOf(version, signal)));
  signal.throwIfAborted();
  redraw(body, choices(), metricTable(find(state.left), find(state.right)), summary(answers), drawLists(answers));
  say(`Versions ${pair.join(" and ")} share ${shared(ids(answers[0]), ids(answers[1]))} movies`);
}

async function listOf(version, signal) {
  if (state.by === "movie" && state.movie !== null) {
    const answer = await ask(`movies/${state.movie}/similar?n=${state.n}`, { version, signal });
    return answer.similar_movies;
  }
  return (await ask("recommend", { body: question(state), version, signal })).recommendations;
}

const ids = (list) => list.map((movie) => movie.movie_id);
const find = (version) => known.versions.find((listed) => listed.version === version);

function choices() {
  const by = (value, label) => h("label", {}, h("input", {
    type: "radio", name: "by", checked: state.by === value, disabled: value === "movie" && state.movie === null,
    "data-key": `by-${value}`, onchange: () => update({ by: value }),
  }), label);
  return h("div", { class: "choices" },
    h("fieldset", {}, h("legend", { class: "hidden" }, "Compare for"), by("ratings", "For your ratings"), by("movie", "For the open movie")),
    selection("left"), h("span", { class: "against", "aria-hidden": "true" }, "→"), selection("right"));
}

function selection(side) {
  const label = { left: "First version", right: "Second version" }[side];
  const unknown = find(state[side]) ? [] : [h("option", { value: state[side], selected: true }, `Version ${state[side]}, not registered`)];
  const options = known.versions.map((listed) => h("option", { value: listed.version, selected: listed.version === state[side] }, nameOf(listed)));
  return h("select", { "aria-label": label, "data-key": side, onchange: (event) => update({ [side]: event.target.value }) }, unknown, options);
}

function nameOf({ version, method, dataset, aliases }) {
  return [`Version ${version}`, method, dataset, ...aliases].filter(Boolean).join(" · ");
}

function summary([left, right]) {
  const [one, other] = [ids(left), ids(right)];
  const most = Math.max(one.length, other.length);
  const fact = (value, label) => h("div", {}, h("dd", {}, value), h("dt", {}, label));
  return h("div", { class: "summary" }, h("dl", {},
    fact(`${shared(one, other)} of ${most}`, "in common"),
    fact(rankBiasedOverlap(one, other).toFixed(2), "rank overlap"),
    fact(jaccard(one, other).toFixed(2), "Jaccard")),
    h("p", { class: "quiet" }, "Rank overlap is the rank-biased overlap with persistence 0.9 (Webber 2010): 1 is the same order, 0 nothing in common; early ranks count most. Jaccard is shared movies by all movies of both lists."));
}

function drawLists([left, right]) {
  const [one, other] = [ids(left), ids(right)];
  const moves = steps(one, other);
  const leftRows = left.map((movie, place) => row(movie, place, other.includes(movie.movie_id) ? "" : "gone"));
  const rightRows = right.map((movie, place) => row(movie, place, moves[place] === null ? "new" : moves[place]));
  const pair = h("div", { class: "pair" }, column(state.left, leftRows), lines(one, other), column(state.right, rightRows), merged(left, right));
  const light = (event) => {
    const id = event.target.closest?.("[data-movie]")?.dataset.movie;
    for (const item of pair.querySelectorAll("[data-movie]")) item.classList.toggle("lit", item.dataset.movie === id);
  };
  pair.addEventListener("pointerover", light);
  pair.addEventListener("focusin", light);
  return pair;
}

function column(version, rows) {
  const { method, dataset, aliases } = find(version);
  return h("section", { "aria-label": `Version ${version}` },
    h("h3", {}, `Version ${version}`, aliases.map(aliasBadge), h("span", { class: "quiet" }, [method, dataset].filter(Boolean).join(" on "))),
    h("ol", {}, rows.length ? rows : h("li", { class: "quiet" }, "Nothing")));
}

/** Both lists as one, for a narrow screen: every movie once, with its ranks before and now. */
function merged(left, right) {
  const [one, other] = [ids(left), ids(right)];
  const all = [...right, ...left.filter((movie) => !other.includes(movie.movie_id))];
  const rankIn = (list, id) => (list.includes(id) ? String(list.indexOf(id) + 1) : "–");
  return h("section", { class: "merged", "aria-label": "Both versions" },
    h("h3", {}, `Rank in version ${state.left} → ${state.right}`),
    h("ol", {}, all.map((movie) => {
      const [before, now] = [one.indexOf(movie.movie_id), other.indexOf(movie.movie_id)];
      const mark = now < 0 ? "gone" : before < 0 ? "new" : before - now;
      return h("li", { class: mark === "gone" || mark === "new" ? mark : null },
        h("span", { class: "rank" }, `${rankIn(one, movie.movie_id)} → ${rankIn(other, movie.movie_id)}`),
        h("button", { type: "button", class: "film link", "data-key": `merged-${movie.movie_id}`, onclick: () => update({ movie: movie.movie_id }) }, titleOf(movie)), badge(mark));
    })));
}

function row(movie, place, mark) {
  return h("li", { "data-movie": movie.movie_id, class: mark === "gone" || mark === "new" ? mark : null },
    h("span", { class: "rank", "aria-hidden": "true" }, String(place + 1)),
    h("button", { type: "button", class: "film link", "data-key": `compare-${movie.movie_id}`, onclick: () => update({ movie: movie.movie_id }) }, titleOf(movie)),
    h("span", { class: "year" }, movie.year ? String(movie.year) : ""), badge(mark));
}

const aliasBadge = (alias) => h("span", { class: `badge alias ${alias.toLowerCase()}` }, alias);

function badge(mark) {
  if (mark === "" ) return "";
  if (mark === "new" || mark === "gone") return h("span", { class: `badge ${mark}` }, mark);
  if (mark === 0) return h("span", { class: "badge same" }, h("span", { class: "hidden" }, "same rank"), h("span", { "aria-hidden": "true" }, "="));
  const way = mark > 0 ? "up" : "down";
  return h("span", { class: `badge ${way}` }, h("span", { class: "hidden" }, `${way} `), h("span", { "aria-hidden": "true" }, mark > 0 ? "▲" : "▼"), String(Math.abs(mark)));
}

function lines(one, other) {
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const height = Math.max(one.length, other.length) * ROW_HEIGHT;
  const drawing = svg("svg", { class: "lines", viewBox: `0 0 ${GUTTER} ${height}`, height, preserveAspectRatio: "none", "aria-hidden": "true" });
  one.forEach((id, from) => {
    const to = other.indexOf(id);
    if (to < 0) return;
    const [start, end] = [(from + 0.5) * ROW_HEIGHT, (to + 0.5) * ROW_HEIGHT];
    const way = to < from ? "up" : to > from ? "down" : "same";
    drawing.append(svg("path", { d: `M0 ${start} C${GUTTER / 2} ${start} ${GUTTER / 2} ${end} ${GUTTER} ${end}`, class: way, "data-movie": id, "vector-effect": "non-scaling-stroke" }));
  });
  return drawing;
}

function fail(error) {
  if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
    known = null;
    return askForToken(error.message);
  }
  return redraw(body, known?.versions.length ? choices() : null, failure(`No comparison: ${error.message}.`, drawComparison));
}
