// The list for the user, each movie with the reasons.

import { ask, movies, question } from "./api.js";
import { controls } from "./controls.js";
import { byId, h, redrawRows, say } from "./dom.js";
import { named, paintStripe, titleOf } from "./films.js";
import { command, copyButton } from "./share.js";
import { state, update } from "./state.js";

const section = byId("recommendations");
const heading = h("h2", { id: "recommendations-heading", tabIndex: -1 }, "Recommended");
const lead = h("p", { class: "quiet" });
const list = h("ol", { class: "films" });
const code = h("code", {});
let asking = null;
let retry;

// After a failure the list is asked for again by itself.
const RETRY_MILLISECONDS = 5000;

/** Draw the frame once. */
export function startRecommendations() {
  const request = h("details", { class: "request" }, h("summary", {}, "The request as a command"),
    h("pre", { tabIndex: 0, role: "region", "aria-label": "Command" }, code), copyButton("Copy command", () => code.textContent, "copy-command"));
  section.append(heading, lead, controls(), list, request);
}

/** Ask for the list and draw it; an older question that is still under way is dropped. */
export async function drawRecommendations() {
  clearTimeout(retry);
  asking?.abort();
  const own = (asking = new AbortController());
  const body = question(state);
  code.textContent = command(body);
  section.setAttribute("aria-busy", "true");
  try {
    const answer = await ask("recommend", { body, signal: own.signal });
    draw(answer);
    const ids = answer.recommendations.map((movie) => movie.movie_id);
    drawDetails(await movies([...ids, ...answer.recommendations.flatMap((movie) => movie.because)]));
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  } finally {
    if (asking === own) section.removeAttribute("aria-busy");
  }
}

function draw(answer) {
  const personal = answer.strategy === "personal";
  heading.textContent = personal ? "Recommended for you" : "Where to begin";
  lead.textContent = personal ? "" : popularLead();
  const best = Math.max(...answer.recommendations.map((movie) => movie.predicted_score), 1e-9);
  redrawRows(list, answer.recommendations.map((movie, place) => row(movie, place + 1, best, personal)));
  performance.mark("list-drawn");
  say(`${answer.count} movies, first ${answer.count ? titleOf(answer.recommendations[0]) : "none"}`);
}

function popularLead() {
  if (state.ratings.size === 0) return "The movies rated most. Open those you know, and give them stars.";
  return "None of your ratings counts as liked, or speaks for another movie: these are the movies rated most.";
}

function row(movie, rank, best, personal) {
  const { title, other } = named(movie.title);
  const strength = h("span", { class: "strength", "aria-hidden": "true" }, h("span"));
  strength.firstChild.style.width = `${Math.max(0, movie.predicted_score / best) * 100}%`;
  const score = personal ? movie.predicted_score.toFixed(3) : movie.predicted_score.toLocaleString("en");
  return h("li", { "data-row": movie.movie_id, "data-because": movie.because.join(",") },
    h("span", { class: "stripe" }), h("span", { class: "rank", "aria-hidden": "true" }, String(rank)),
    h("div", { class: "what" },
      h("button", { type: "button", class: "film link", "data-key": `open-${movie.movie_id}`, onclick: () => update({ movie: movie.movie_id }) }, title),
      other && h("span", { class: "other" }, other), h("span", { class: "year" }, movie.year ? String(movie.year) : ""),
      h("p", { class: "kinds" }), h("p", { class: "because" })),
    h("span", { class: "score" }, h("span", { class: "number" }, h("span", { class: "hidden" }, personal ? "score " : "ratings "), score), strength));
}

function drawDetails(known) {
  for (const item of list.children) {
    const movie = known.get(Number(item.dataset.row));
    if (!movie) continue;
    paintStripe(item.querySelector(".stripe"), movie.genres);
    item.querySelector(".kinds").textContent = movie.genres.join(", ");
    const reasons = item.dataset.because.split(",").filter(Boolean).map((id) => known.get(Number(id))).filter(Boolean).map(titleOf);
    item.querySelector(".because").replaceChildren(...(reasons.length ? sentence(reasons) : []));
  }
}

function sentence(reasons) {
  const parts = reasons.flatMap((title, place) => [place === 0 ? "" : place === reasons.length - 1 ? " and " : ", ", h("em", {}, title)]);
  return ["because you liked ", ...parts];
}

function fail(error) {
  lead.textContent = `No list at the moment: ${error.message}`;
  retry = setTimeout(drawRecommendations, RETRY_MILLISECONDS);
  list.replaceChildren();
}
