// The registered versions, and how one is made ready for a comparison.

import { ask } from "./api.js";

const PATIENCE_MILLISECONDS = 60_000;
const ASK_AGAIN_MILLISECONDS = 350;

const NAMES = { ndcg: "nDCG", ndcg_liked: "nDCG liked", hit_rate: "Hit rate", coverage: "Coverage", novelty: "Novelty", map: "MAP", mrr: "MRR" };

/** Return how a metric is called: "nDCG@10". */
export function metricName(name) {
  const [metric, cutoff] = name.replace("_random_split", "").split("_at_");
  const beside = name.endsWith("_random_split") ? ", random split" : "";
  return `${NAMES[metric] ?? metric.replaceAll("_", " ")}@${cutoff}${beside}`;
}

/** Return the names of metrics, those first that most look at; a baseline's are left out. */
export function metricNames(...metrics) {
  const order = Object.keys(NAMES);
  const place = (name) => order.findIndex((known) => name.startsWith(`${known}_at_`)) >>> 0; // the unknown ones last
  const names = new Set(metrics.flatMap((found) => Object.keys(found)));
  return [...names].filter((name) => !/_(popularity|lower|upper)$/.test(name)).sort((one, other) => place(one) - place(other));
}

/** Return the registered versions, newest first. */
export const listVersions = () => ask("versions", { admin: true });

/** Return the two versions that are compared if nobody has chosen: the served one and Challenger, or else the newest. */
export function usualPair({ served, versions }) {
  const others = versions.filter((listed) => listed.version !== served);
  const challenger = others.find((listed) => listed.aliases.some((alias) => alias.toLowerCase() === "challenger"));
  return [served ?? versions.at(-1)?.version ?? null, (challenger ?? others[0])?.version ?? null];
}

/** Wait until a version is ready; throws when it is refused or takes too long. */
export async function ready(version, signal) {
  const until = performance.now() + PATIENCE_MILLISECONDS; // which no change of the clock moves
  while (performance.now() < until) {
    const { state, problem } = await ask(`versions/${version}/load`, { method: "POST", admin: true, signal });
    if (state === "ready" || state === "served") return;
    if (state === "refused") throw new Error(problem);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MILLISECONDS));
    signal?.throwIfAborted();
  }
  throw new Error(`version ${version} is not ready after a minute; see the service's log`);
}
