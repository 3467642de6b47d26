// How each version is used: what it has answered since it took over. Loaded when the panel is first opened.

import { ask } from "./api.js";
import { byId, h, redraw } from "./dom.js";
import { failure } from "./failure.js";
import { challengerVersion } from "./traffic.js";

const LOOK_MILLISECONDS = 10_000;
const UNITS = [["year", 365 * 86_400], ["month", 30 * 86_400], ["day", 86_400], ["hour", 3600], ["minute", 60]];

const panel = byId("life");
const body = panel.querySelector("div");
let looking = null;

/** Look now, and from time to time as long as the panel is open. */
export function openLife() {
  look();
  looking ??= setInterval(() => {
    if (!panel.open) looking = clearInterval(looking) ?? null;
    else if (!document.hidden) look();
  }, LOOK_MILLISECONDS);
}

async function look() {
  try {
    const { model, versions } = await ask("metrics");
    redraw(body, draw(model, versions));
  } catch (error) {
    redraw(body, failure(`How versions are used cannot be shown: ${error.message}.`, look));
  }
}

function draw(model, versions) {
  const newestFirst = [...versions].reverse();
  const served = newestFirst.filter(({ version }) => version === model?.version);
  const others = newestFirst.filter(({ version }) => version !== model?.version);
  const silent = model && served.length === 0 ? h("section", {}, heading(model.version, "serves, asked for no list yet"), ages(model)) : null;
  return [
    h("p", { class: "quiet" }, "Counted over all workers since the service started, for lists of recommendations alone; ",
      h("a", { href: "metrics", "data-key": "metrics" }, "all metrics"), "."),
    h("div", { class: "lives" }, silent, served.map((life) => card(life, model)), others.map((life) => card(life, null))),
  ];
}

function card(life, model) {
  const lists = life.answers === 1 ? "list" : "lists";
  return h("section", {},
    heading(life.version, `${partOf(life, model)}, first list ${age(life.since_seconds)} ago`),
    h("dl", {},
      model && agesOf(model),
      fact("Answered", `${life.answers.toLocaleString("en")} ${lists}`),
      fact("Of popular movies", percent(life.popular_share)),
      fact("Movie ids it does not know", percent(life.unknown_movie_share)),
      fact("Different movies shown", `${life.distinct_movies.toLocaleString("en")}${life.coverage === null ? "" : `, ${percent(life.coverage)} of its catalog`}`)),
    lengths(life));
}

function partOf(life, model) {
  if (model) return "serves";
  return life.version === challengerVersion() ? "is tried as Challenger" : "served";
}

const heading = (version, said) => h("h3", {}, `Version ${version}`, " ", h("span", { class: "quiet" }, said));

const ages = (model) => h("dl", {}, agesOf(model));

function agesOf(model) {
  return [
    fact("Registered", model.age_seconds === null ? "not known yet" : `${age(model.age_seconds)} ago`),
    fact("Its newest rating", model.newest_rating_age_seconds === null ? "not on record" : `${age(model.newest_rating_age_seconds)} old`),
  ];
}

const fact = (term, value) => h("div", {}, h("dt", {}, term), h("dd", {}, value));

/** A bar for each number of rated movies that histories had, `{"5": 12}` being 12 histories of 3 to 5. */
function lengths(life) {
  const counts = Object.entries(life.history_lengths);
  const most = Math.max(...counts.map(([, count]) => count));
  if (most === 0) return null;
  const named = counts.map(([bound, count], place) => ({ name: spanOf(bound, counts[place - 1]?.[0]), count }));
  const last = named.findLastIndex(({ count }) => count > 0);
  const rows = named.slice(0, last + 1).map(({ name, count }) => {
    const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("span"));
    bar.firstChild.style.width = `${(count / most) * 100}%`;
    return h("li", {}, h("span", { class: "term" }, name), bar, h("span", { class: "count" }, count.toLocaleString("en")));
  });
  return h("div", {}, h("p", { class: "quiet" }, `Lists by movies rated (mean ${life.mean_history_length.toFixed(1)})`), h("ul", { class: "lengths" }, rows));
}

function spanOf(bound, before) {
  if (bound === "more") return `over ${Number(before).toLocaleString("en")}`;
  const from = before === undefined ? Number(bound) : Number(before) + 1;
  return from === Number(bound) ? bound : `${from}–${bound}`;
}

function percent(share) {
  if (share === null) return "–";
  const digits = share > 0 && share < 0.1 ? 1 : 0;
  return `${(share * 100).toFixed(digits)} %`;
}

/** Return so many seconds in the largest unit of which there is at least one: "3 days". */
function age(seconds) {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  return `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;
}
