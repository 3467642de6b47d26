// Which version answers, and the notice when that changes.

import { ask, versionSeen } from "./api.js";
import { byId, h, redraw } from "./dom.js";
import { metricName } from "./versions.js";
import { update } from "./state.js";
import { challengerVersion } from "./traffic.js";

const LOOK_MILLISECONDS = 5000;
// Workers take over a new version one after the other; by then all have.
const SETTLED_MILLISECONDS = 800;

const strip = byId("model");
const notice = byId("notice");
let shown = null;
let settling = null;

let looked;
const firstLook = new Promise((resolve) => { looked = resolve; });

/** Return the version that answers, after the first look; null when none does. */
export async function servedModel() {
  await firstLook;
  return shown;
}

/** Show the version, and look from time to time whether it is still the same; `changed` is called when it is not. */
export async function startModel(changed) {
  await look();
  versionSeen.addEventListener("version", ({ detail }) => {
    if (shown && detail !== shown.version && detail !== challengerVersion()) settling ??= setTimeout(() => settle(changed), SETTLED_MILLISECONDS);
  });
  setInterval(() => document.hidden || (shown ? ask("health/live").catch(() => {}) : look().then(changed)), LOOK_MILLISECONDS);
  // The registry's part may come a moment after the start.
  if (shown && !shown.created) setTimeout(look, LOOK_MILLISECONDS);
}

async function settle(changed) {
  const before = shown;
  await look();
  settling = null;
  if (!shown || before.version === shown.version) return;
  tell(before.version, shown.version);
  changed();
}

async function look() {
  try {
    const before = shown;
    shown = await ask("model");
    if (!before) notice.replaceChildren();
    draw(shown);
  } catch (error) {
    redraw(strip, h("p", {}, "No version answers."));
    if (!shown) redraw(notice, nothingServed(await reasonOf(error)));
  } finally {
    looked();
  }
}

function draw(model) {
  const data = model.dataset;
  const metrics = ["ndcg_at_10", "hit_rate_at_10"].filter((name) => name in model.metrics);
  const params = Object.entries(model.params).map(([name, value]) => `${name} ${value}`).join(", ");
  redraw(strip, h("dl", {},
    fact(model.name, `version ${model.version}`, model.alias),
    fact("Method", model.method, null, params),
    metrics.map((name) => fact(metricName(name), model.metrics[name].toFixed(3), baseline(model.metrics, name))),
    fact("Trained", model.created ? date(model.created) : "", `on ${data.name}, ${data.n_ratings?.toLocaleString("en")} ratings${newest(model)}`, model.created)),
    model.run_url && h("a", { href: model.run_url, target: "_blank", rel: "noreferrer", "data-key": "run" }, "Run in MLflow"),
    h("a", { href: "docs", "data-key": "docs" }, "API"));
}

/** Why there is no model, in the service's own words. */
async function reasonOf(error) {
  const found = await ask("health").catch((unhealthy) => unhealthy);
  return found instanceof Error ? found.message : error.message;
}

/** What to type when there is no model. */
function nothingServed(reason) {
  return h("div", { class: "nothing-served", role: "alert" },
    h("h2", {}, "No version answers yet"), h("p", {}, `${reason.replace(/^./, (letter) => letter.toUpperCase())}.`.replace("..", ".")),
    h("p", {}, "Train one, in the folder of the project; the first version is served by itself:"), h("pre", {}, h("code", {}, "make train")),
    h("p", {}, "Or let Production point to a version that is registered:"), h("pre", {}, h("code", {}, "python -m training promote latest")));
}

function fact(term, value, more, title) {
  return h("div", { title }, h("dt", {}, term), h("dd", {}, h("strong", {}, value), more && [" ", h("span", {}, more)]));
}

function baseline(metrics, name) {
  const value = metrics[`${name}_popularity`];
  return value === undefined ? null : `popularity ${value.toFixed(3)}`;
}

/** The ratings may be much older than the model. */
const newest = (model) => model.newest_rating ? `, the newest of ${date(model.newest_rating * 1000)}` : "";

const date = (moment) => new Date(moment).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });

function tell(before, now) {
  const dismiss = () => notice.replaceChildren();
  redraw(notice, h("p", {},
    h("strong", {}, `Version ${now} answers now.`), ` Before, it was version ${before}; the lists are drawn again.`,
    h("button", { type: "button", class: "plain", onclick: () => { dismiss(); update({ view: "compare", left: before, right: now }); } }, `Compare ${before} with ${now}`),
    h("button", { type: "button", class: "close", "aria-label": "Dismiss", onclick: dismiss }, "×")));
}
