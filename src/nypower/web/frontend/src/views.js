// What is known, written into the page. Each function changes only what differs, so that a
// screen reader is not told the same twice.

import { sentenceFor, wordFor } from "./freshness.js";
import { ageText, clockText, gramText, megawattText, percentileText, stampText } from "./wording.js";

const byId = (id) => document.getElementById(id);

/** Sets an element's text where it is another. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

function setTime(element, { ts, second }, text) {
  element.dateTime = ts;
  element.dataset.second = second;
  write(element, text);
}

/** The segments of the index's scale, once. */
export function buildScale(bands) {
  const most = bands.at(-1)[0] + 60;
  const bounds = [0, ...bands.map(([bound]) => bound), most];
  const segments = bounds.slice(1).map((bound, i) => {
    const segment = document.createElement("i");
    segment.style.flexGrow = bound - bounds[i];
    segment.dataset.upTo = i < bands.length ? bound : "";
    return segment;
  });
  const marker = document.createElement("b");
  byId("scale").append(...segments, marker);
  return (value) => {
    marker.style.left = `${(100 * Math.min(Math.max(value, 0), most)) / most}%`;
    marker.dataset.shown = "yes";
  };
}

/** The current intensity. It is read aloud, unless the feed runs too fast for that. */
export function showHeadline(co2, old, speed) {
  byId("headline").ariaLive = speed > 1 ? "off" : "polite";
  write(byId("value"), gramText(co2.value));
  byId("value").dataset.value = co2.value;
  write(byId("index"), co2.index);
  byId("headline").dataset.index = slug(co2.index);
  byId("estimated").hidden = !co2.estimated;
  write(byId("percentile"), percentileText(co2.percentile));
  setTime(byId("stamp"), co2, stampText(co2.second, old));
}

/** How old it is, in the feed's time; empty while that is not known. */
export function showAge(age) {
  write(byId("age"), age === null ? "" : ageText(age));
}

/** The current mix: a bar a fuel, by its share. A fuel nobody knew yet gets a row of its own. */
export function showMix(mix) {
  const list = byId("mix");
  for (const row of list.children) showFuel(row, mix.fuels[row.dataset.fuel], mix.total);
  const shown = new Set([...list.children].map((row) => row.dataset.fuel));
  for (const [name, mw] of Object.entries(mix.fuels))
    if (!shown.has(name)) showFuel(list.appendChild(newRow(list, name)), mw, mix.total);
  write(byId("total"), megawattText(mix.total));
  setTime(byId("mix-stamp"), mix, `at ${clockText(mix.second)}`);
}

function newRow(list, name) {
  const row = list.firstElementChild.cloneNode(true);
  row.className = "fuel-new";
  row.dataset.fuel = name;
  row.querySelector(".name").textContent = name;
  return row;
}

function showFuel(row, mw, total) {
  const share = mw === undefined || total <= 0 ? 0 : Math.max(0, mw) / total;
  row.querySelector(".bar i").style.width = `${100 * share}%`;
  write(row.querySelector(".mw"), mw === undefined ? "–" : `${megawattText(mw)} MW`);
  write(row.querySelector(".share"), mw === undefined ? "" : shareText(share));
  row.dataset.mw = mw ?? "";
}

const shareText = (share) => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;

/** The latest readings as a table, for those who do not see the chart. */
export function showReadings([stamps, values]) {
  const rows = stamps.slice(-12).map((stamp, i) => {
    const row = document.createElement("tr");
    row.insertCell().textContent = clockText(stamp);
    row.insertCell().textContent = gramText(values.slice(-12)[i]);
    return row;
  });
  byId("readings").tBodies[0].replaceChildren(...rows.reverse());
}

/** The state of things, a word and a sentence, for data of a kind. */
export function showState(state, kind) {
  const pill = byId("state");
  pill.dataset.state = state;
  write(pill.querySelector("b"), wordFor(state, kind));
  const notice = byId("notice");
  notice.dataset.state = state;
  write(notice, sentenceFor(state));
}

const ORIGINS = {
  simulated: ["Simulated", "This is a made-up grid, for trying things out. Nothing here was measured."],
  replay: ["Replay", "These are old measurements, played again. This is not the grid of today."],
};

/** The mark that data are not today's measurements; the server has set it where it knew. */
export function showKind(kind) {
  if (!(kind in ORIGINS) || document.documentElement.dataset.kind === kind) return;
  document.documentElement.dataset.kind = kind;
  const [word, sentence] = ORIGINS[kind];
  const banner = byId("origin");
  write(banner.querySelector("strong"), word);
  write(banner.querySelector("span"), sentence);
  banner.hidden = false;
}

/** The title of the tab: the value while it is true, and what it is. */
export function showTitle(model) {
  const mark = { simulated: "Simulated: ", replay: "Replay: " }[model.kind] ?? "";
  if (model.co2 === null) return;
  const now = model.state === "live" ? "" : ` (${wordFor(model.state).toLowerCase()})`;
  const title = `${mark}${gramText(model.co2.value)} g CO₂/kWh${now} · ny-power`;
  if (document.title !== title) document.title = title;
}
