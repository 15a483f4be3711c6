// The page: the model fed from the broker, the views fed from the model.

import { brokerUrl } from "./address.js";
import { Chart } from "./chart.js";
import { Link, textOf } from "./link.js";
import { Model } from "./model.js";
import { Follower, reloadSoon } from "./reload.js";
import * as views from "./views.js";

const config = JSON.parse(document.getElementById("config").textContent);
const chartBox = document.getElementById("chart");
const chart = new Chart(chartBox, document.getElementById("reading"), config.bands);
const mark = views.buildScale(config.bands);
const follower = new Follower(config.root);

const link = new Link(brokerUrl(config.ws, location), {
  state(word) {
    model.link = word;
    showFreshness();
  },
  connected() {
    for (const [name, topic] of Object.entries(config.topics))
      if (name !== "series") link.subscribe(topic);
    if (config.follow) link.subscribe(config.follow);
    model.connected();
    showLine();
  },
  message({ topic, bytes, retained }) {
    const text = textOf(bytes);
    if (topic === config.follow) {
      if (text === "online") follower.liveBegan();
      return;
    }
    show(model.take(topic, text, retained), retained);
    if (model.begunAnew) reloadSoon();
  },
});

const model = new Model(
  config,
  {
    subscribe: (topic) => link.subscribe(topic),
    unsubscribe: (topic) => link.unsubscribe(topic),
  },
  () => Date.now() / 1000,
);

function show(changed, retained) {
  views.showKind(model.kind);
  if (changed === "webui" && !retained) reloadSoon();
  if (changed === "mix") views.showMix(model.mix);
  if (changed === "co2") {
    views.showHeadline(model.co2, model.kind === "replay", model.clock.speed);
    mark(model.co2.value);
  }
  if (changed === "co2" || changed === "series" || changed === "correction") showLine();
  showFreshness();
}

/** Draws once a frame, however many messages came in it. */
let drawing = false;
function showLine() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const columns = model.line.columns();
    chart.show(columns);
    views.showReadings(columns);
    chartBox.dataset.points = model.line.size;
    chartBox.dataset.newest = model.line.newest ?? "";
    chartBox.dataset.line = model.line.whole ? "whole" : "joining";
    chartBox.dataset.series = model.joining ? "taking" : "left";
  });
}

function showFreshness() {
  views.showState(model.state, model.kind);
  views.showAge(model.clock.sure ? model.age : null);
  views.showTitle(model);
}

setInterval(showFreshness, 1000);
link.start();
