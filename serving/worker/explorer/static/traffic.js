// The two versions that share the traffic, side by side, as long as a Challenger has a part of it.

import { ask, versionSeen } from "./api.js";
import { byId, h, redraw } from "./dom.js";

const LOOK_MILLISECONDS = 10000;
const NONE = "0%";
const place = byId("traffic");
let challenger = null;
let ofMyList = null; // the version that this browser's callers get, as long as two share the traffic

/** Return the version that answers some callers beside the served one, null when none does. */
export const challengerVersion = () => challenger;

/** Look from time to time whether two versions share the traffic, and show them. */
export async function startTraffic() {
  versionSeen.addEventListener("list", ({ detail }) => {
    if (detail === ofMyList) return;
    ofMyList = detail;
    tellWhose();
  });
  await look();
  setInterval(() => document.hidden || look(), LOOK_MILLISECONDS);
}

async function look() {
  try {
    const { traffic } = await ask("health");
    const { traffic: counted } = traffic ? await ask("metrics") : {};
    challenger = traffic && !traffic.problem ? traffic.challenger_version : null;
    place.hidden = !traffic;
    if (traffic) draw(traffic, counted);
  } catch {
    place.hidden = true; // the strip above says that nothing answers
  }
}

function draw(traffic, counted) {
  if (!counted) {
    redraw(place, h("p", {}, h("strong", {}, "Challenger: "), `${traffic.problem ?? "its workers are about to begin"}.`));
    return;
  }
  const open = place.querySelector("details")?.open ?? false;
  const [one, other] = counted.versions;
  redraw(place, h("details", { open },
    h("summary", { "data-key": "traffic" },
      said(other.version, counted), `; version ${one.version} is in production`),
    h("table", {},
      h("caption", { class: "hidden" }, "The two versions that share the traffic"),
      h("thead", {}, h("tr", {}, h("td", {}), [one, other].map((arm) => h("th", { scope: "col" }, `Version ${arm.version}, ${arm.role}`)))),
      h("tbody", {}, ROWS.map(([label, value]) => h("tr", {}, h("th", { scope: "row" }, label), [one, other].map((arm) => h("td", {}, value(arm))))))),
    inTheShadow(counted.shadow)));
  tellWhose();
}

function said(version, { challenger_share: answers, shadow_share: shadows }) {
  if (answers === NONE) return h("strong", {}, `Version ${version} shadows ${shadows} of the callers, unseen`);
  return [h("strong", {}, `Version ${version} answers ${answers} of the callers`), h("span", { class: "whose" }),
    shadows === NONE ? "" : `, and shadows ${shadows}`];
}

/** Say whether the list that is shown comes from the Challenger. */
function tellWhose() {
  const whose = place.querySelector(".whose");
  if (whose) whose.textContent = challenger !== null && ofMyList === challenger ? ", you among them" : "";
}

const ROWS = [
  ["Requests", (arm) => number(arm.requests)],
  ["Errors", (arm) => number(arm.errors)],
  ["Milliseconds a request", (arm) => fixed(arm.avg_latency_ms, 2)],
  ["Lists shown", (arm) => number(arm.lists)],
  ["Lists of popular movies", (arm) => percent(arm.popular_share)],
  ["Movies shown, of its catalog", (arm) => percent(arm.coverage)],
  ["Clicks, watches, ratings", ({ events }) => [events.click, events.watch, events.rating].map(number).join(", ")],
  ["Click-through, 95 % interval", (arm) => (arm.click_through === null ? "–" : `${percent(arm.click_through)}, ${percent(arm.click_through_low)} to ${percent(arm.click_through_high)}`)],
];

function inTheShadow(shadow) {
  if (!shadow.compared) return null;
  return h("p", {}, `In the shadow, ${number(shadow.compared)} lists compared: ${percent(shadow.overlap_at_10)} of the first ten are in both, rank-biased overlap ${fixed(shadow.rank_agreement, 2)}.`);
}

const number = (value) => value.toLocaleString("en");
const fixed = (value, digits) => (value === null ? "–" : value.toFixed(digits));
const percent = (value) => (value === null ? "–" : `${(value * 100).toFixed(1)} %`);
