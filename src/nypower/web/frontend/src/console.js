// The console: messages of a topic filter, as they come.

import { brokerUrl } from "./address.js";
import { faultOf } from "./filter.js";
import { Link, textOf } from "./link.js";
import { Follower, reloadSoon } from "./reload.js";
import { showKind, showState, write } from "./views.js";

const KEPT = 500;
const SHOWN_CHARACTERS = 400;

const config = JSON.parse(document.getElementById("config").textContent);
const byId = (id) => document.getElementById(id);
const [form, input, list, pause] = ["controls", "filter", "messages", "pause"].map(byId);
const follower = new Follower(config.root);
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });

let filter = input.value;
let count = 0;
let paused = false;
let waiting = [];
let linked = "connecting";

const link = new Link(brokerUrl(config.ws, location), {
  state(word) {
    linked = word;
    showState(word);
  },
  connected: subscribe,
  message(message) {
    const text = textOf(message.bytes);
    if (message.topic === config.topics.webui && !message.retained) reloadSoon();
    if (message.topic === config.follow && text === "online") follower.liveBegan();
    waiting.push({ ...message, text, at: new Date() });
    waiting = waiting.slice(-KEPT);
    count += 1;
    if (waiting.length === 1 || paused) requestAnimationFrame(paused ? tell : flush);
  },
});

function subscribe() {
  link.subscribe(filter);
  list.dataset.subscribed = filter;
}

/** What waits goes to the top, all of a frame at once. */
function flush() {
  if (paused) return;
  list.prepend(...waiting.map(row).reverse());
  waiting = [];
  while (list.childElementCount > KEPT) list.lastElementChild.remove();
  byId("empty").hidden = list.childElementCount > 0;
  tell();
}

function tell() {
  write(byId("count"), String(count));
  write(pause, paused ? `Go on (${waiting.length} waiting)` : "Pause");
}

function row({ topic, text, retained, at }) {
  const item = document.createElement("li");
  item.append(
    cell("time", "at", clock.format(at)),
    cell("span", "topic", topic),
    ...(retained ? [cell("span", "retained", "retained")] : []),
    payload(text),
  );
  item.querySelector("time").dateTime = at.toISOString();
  markKind(text);
  return item;
}

function payload(text) {
  if (text.length <= SHOWN_CHARACTERS) return cell("code", "payload", text);
  const details = document.createElement("details");
  const summary = `${text.slice(0, 120)}… (${text.length} characters)`;
  details.append(cell("summary", "payload", summary), cell("code", "payload", text));
  return details;
}

function cell(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function markKind(text) {
  const kind = /"kind":"(simulated|replay)"/.exec(text)?.[1];
  if (kind) showKind(kind);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = input.value.trim();
  if (linked === "connected") link.unsubscribe(filter);
  filter = wanted;
  if (linked === "connected") subscribe();
});

input.addEventListener("input", () => input.setCustomValidity(faultOf(input.value.trim())));

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  flush();
  tell();
});

byId("clear").addEventListener("click", () => {
  waiting = [];
  list.replaceChildren();
  count = 0;
  byId("empty").hidden = false;
  tell();
});

link.start();
