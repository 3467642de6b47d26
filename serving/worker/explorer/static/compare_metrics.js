// The metrics of two versions side by side; a difference only where both were measured on the same holdout.

import { h } from "./dom.js";
import { metricName, metricNames } from "./versions.js";

const RANDOM = "ndcg_at_10_random_split";

/** Return a table of the metrics of two listed versions, and a warning where they do not compare; null without either. */
export function metricTable(left, right) {
  const pair = [left, right];
  const found = pair.map(withRandomSplit);
  const names = metricNames(...found).filter((name) => name !== RANDOM || pair.some(({ metrics }) => RANDOM in metrics));
  const data = left.dataset === right.dataset && hasDigest(left) && left.dataset_digest === right.dataset_digest;
  if (names.length === 0) return data ? null : warning(pair, data);
  const split = data && left.split === right.split;
  const compares = (name) => split || (data && name === RANDOM && drawOf(left) === drawOf(right));
  const differing = names.some((name) => compares(name) && found.every((metrics) => name in metrics));
  const head = ["On the holdout", ...pair.map((listed) => `Version ${listed.version}`), ...(differing ? ["Difference"] : [])];
  const row = (name) => h("tr", {}, h("th", { scope: "row" }, metricName(name)),
    found.map((metrics) => h("td", {}, value(metrics, name))),
    differing && h("td", {}, compares(name) ? difference(found[0][name], found[1][name]) : ""));
  const table = h("table", { class: `metrics${differing ? " differing" : ""}` },
    h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, names.map(row)));
  return h("div", {}, split ? null : warning(pair, data), table);
}

/** Without one, nothing tells that two versions were trained on the same data. */
const hasDigest = (listed) => Boolean(listed.dataset_digest);

const isRandom = (listed) => listed.split?.startsWith("random,") ?? false;

/** What of "random, 25% held out, seed 42" has to be equal for two random splits to be the same. */
const drawOf = (listed) => listed.split?.slice(listed.split.indexOf(",")) ?? "";

/** Whoever was judged on the random split has its number under its own name only. */
function withRandomSplit(listed) {
  const { metrics } = listed;
  if (!isRandom(listed) || !("ndcg_at_10" in metrics)) return metrics;
  return { ...metrics, [RANDOM]: metrics.ndcg_at_10, ...ends(metrics, "ndcg_at_10", RANDOM) };
}

function ends(metrics, from, to) {
  const known = ["lower", "upper"].filter((end) => `${from}_${end}` in metrics);
  return Object.fromEntries(known.map((end) => [`${to}_${end}`, metrics[`${from}_${end}`]]));
}

const HOLDOUTS = ["Judged on different holdouts: ", "Only what was measured on the same holdout is compared."];
const DATA = ["Trained on different data: ", "Their metrics come from different holdouts, so no difference is shown."];
const UNKNOWN_DATA = ["Trained on data that are not on record: ", "They may be different, so no difference is shown."];

function warning(pair, sameData) {
  const said = (listed) => sameData
    ? `version ${listed.version} on the split ${listed.split ?? "that is not on record"}`
    : `version ${listed.version} on ${listed.dataset ?? "data that are not known"} (${listed.dataset_digest?.slice(0, 8) ?? "no digest"})`;
  const [title, so] = sameData ? HOLDOUTS : pair.every(hasDigest) ? DATA : UNKNOWN_DATA;
  return h("p", { class: "warning" }, h("strong", {}, title), `${pair.map(said).join(", ")}. `, so);
}

function value(found, name) {
  if (found[name] === undefined) return "–";
  const [low, high] = [found[`${name}_lower`], found[`${name}_upper`]];
  const interval = low === undefined || high === undefined ? "" : h("span", { class: "quiet" }, ` [${low.toFixed(3)}, ${high.toFixed(3)}]`);
  return h("span", {}, found[name].toFixed(3), interval);
}

function difference(before, now) {
  if (before === undefined || now === undefined) return "–";
  const sign = now > before ? "+" : now < before ? "−" : "";
  return sign + Math.abs(now - before).toFixed(3);
}
