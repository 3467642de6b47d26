// The list for the user, each movie with the reasons.

import { ask, movies, question } from "./api.js";
import { previewCard } from "./card.js";
import { controls, drawControls } from "./controls.js";
import { byId, h, redraw, redrawRows, say } from "./dom.js";
import { failure } from "./failure.js";
import { named, paintThumb, titleOf } from "./films.js";
import { command, copyButton } from "./share.js";
import { stars } from "./stars.js";
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
const MANY = 20; // from here on in two columns, where there is room

/** Draw the frame once. */
export function startRecommendations() {
  const request = h("details", { class: "request" }, h("summary", {}, "The request as a command"),
    h("pre", { tabIndex: 0, role: "region", "aria-label": "Command" }, code), copyButton("Copy command", () => code.textContent, "copy-command"));
  section.append(heading, lead, ...controls(), list, request);
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
    const reasons = answer.recommendations.flatMap((movie) => [...movie.because, ...(movie.despite ? [movie.despite] : [])]);
    drawDetails(answer, await movies([...answer.recommendations.map((movie) => movie.movie_id), ...reasons]));
    await drawControls();
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  } finally {
    if (asking === own) section.removeAttribute("aria-busy");
  }
}

function draw(answer) {
  const personal = answer.strategy === "personal";
  heading.textContent = personal ? "Recommended for you" : "Where to begin";
  lead.textContent = leadOf(answer, personal);
  const best = Math.max(...answer.recommendations.map((movie) => movie.predicted_score), 1e-9);
  const place = focusedPlace();
  list.classList.toggle("many", answer.count > MANY);
  redrawRows(list, answer.recommendations.map((movie, rank) => row(movie, rank + 1, best, personal)));
  // A movie that has just been rated in the list has left it: the focus goes to the stars of the one in its place.
  if (place >= 0 && document.activeElement === document.body) list.children[Math.min(place, list.children.length - 1)]?.querySelector(".stars input")?.focus({ preventScroll: true });
  performance.mark("list-drawn");
  previewCard(answer.recommendations[0]?.movie_id ?? null);
  say(`${answer.count} movies, first ${answer.count ? titleOf(answer.recommendations[0]) : "none"}`);
}

const focusedPlace = () => [...list.children].findIndex((item) => item.contains(document.activeElement));

function leadOf(answer, personal) {
  if (answer.count === 0) return "No movie is left that you have not rated and the filter allows.";
  if (personal) return "";
  if (state.ratings.size === 0) return "Popular lately. Give stars to those you know.";
  return "None of your ratings counts as liked, or speaks for another movie: these are popular lately, away from what you dislike.";
}

function row(movie, rank, best, personal) {
  const { title, other } = named(movie.title);
  const strength = h("span", { class: "strength", "aria-hidden": "true" }, h("span"));
  strength.firstChild.style.width = `${Math.max(0, movie.predicted_score / best) * 100}%`;
  return h("li", { "data-row": movie.movie_id },
    h("span", { class: "thumb", "aria-hidden": "true" }), h("span", { class: "rank", "aria-hidden": "true" }, String(rank)),
    h("div", { class: "what" },
      h("button", { type: "button", class: "film link", "data-key": `open-${movie.movie_id}`, onclick: () => update({ movie: movie.movie_id }) }, title),
      other && h("span", { class: "other" }, other), h("span", { class: "year" }, movie.year ? String(movie.year) : ""),
      h("p", { class: "kinds" }), h("p", { class: "because" })),
    h("span", { class: "score" }, stars(movie, title, { key: "list", leaves: true }), h("span", { class: "number" }, scoreText(movie.predicted_score, personal)), strength));
}

function scoreText(score, personal) {
  return personal ? `score ${score.toFixed(3)}` : `rated by ${(score * 100).toFixed(score < 0.1 ? 1 : 0)} % lately`;
}

function drawDetails(answer, known) {
  answer.recommendations.forEach((movie, place) => {
    const item = list.children[place];
    const details = known.get(movie.movie_id);
    if (!details || Number(item?.dataset.row) !== movie.movie_id) return;
    paintThumb(item.querySelector(".thumb"), details.genres);
    item.querySelector(".kinds").textContent = details.genres.join(", ");
    redraw(item.querySelector(".because"), ...reasons(movie, known));
  });
}

function reasons(movie, known) {
  const liked = movie.because.map((id, place) => [known.get(id), movie.because_shares?.[place]]).filter(([found]) => found);
  const parts = liked.length ? ["because you liked ", ...liked.map(([found, share]) => reason(titleOf(found), share))] : [];
  const despite = movie.despite && known.get(movie.despite);
  if (despite) parts.push(h("span", { class: "despite" }, parts.length ? " despite " : "despite ", h("em", {}, titleOf(despite))));
  return parts;
}

function reason(title, share) {
  if (share === undefined) return h("span", { class: "reason" }, h("em", {}, title), " ");
  const bar = h("span", { class: "share", "aria-hidden": "true" }, h("span"));
  bar.firstChild.style.width = `${share * 100}%`;
  return h("span", { class: "reason" }, h("em", {}, title), bar, h("span", { class: "percent" }, `${Math.round(share * 100)} %`), " ");
}

function fail(error) {
  redraw(lead, failure(`No list at the moment: ${error.message}. It is asked for again by itself.`, drawRecommendations));
  retry = setTimeout(drawRecommendations, RETRY_MILLISECONDS);
  list.replaceChildren();
}
