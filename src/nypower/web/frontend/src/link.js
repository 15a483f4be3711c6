// The websocket to the broker: connects, and goes on trying for as long as the page is open.

import Paho from "paho-mqtt";
import { waitBefore } from "./backoff.js";

/** Proxies cut a websocket that is idle for a minute. */
const KEEP_ALIVE_S = 30;
const CONNECT_WITHIN_S = 10;
/** A connection that lasted this long was a good one: the next wait is a short one again. */
const PROVEN_MS = 10_000;
/** Browsers let a hidden page's timers sleep for a minute, longer than the broker waits for
 * a sign of life. Rather than losing the connection over and over, rest. */
const REST_AFTER_MS = 4 * 60_000;

export class Link {
  #url;
  #on;
  #client = null;
  #timer = 0;
  #restTimer = 0;
  #attempt = 0;
  #since = 0;

  /** `on` has `state(word)`, `connected()` and `message({topic, bytes, retained})`. */
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
  }

  start() {
    addEventListener("online", () => this.#wake());
    addEventListener("pageshow", (event) => event.persisted && this.#wake());
    document.addEventListener("visibilitychange", () => this.#seen(!document.hidden));
    this.#connect();
    this.#seen(!document.hidden);
  }

  get connected() {
    return this.#client?.isConnected() ?? false;
  }

  subscribe(filter) {
    if (this.connected) this.#client.subscribe(filter, { qos: 0 });
  }

  unsubscribe(filter) {
    if (this.connected) this.#client.unsubscribe(filter);
  }

  #connect() {
    clearTimeout(this.#timer);
    const client = new Paho.Client(this.#url, `web-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`);
    this.#client = client;
    client.onMessageArrived = (message) => this.#deliver(message);
    client.onConnectionLost = () => client === this.#client && this.#lost();
    client.connect({
      cleanSession: true,
      keepAliveInterval: KEEP_ALIVE_S,
      timeout: CONNECT_WITHIN_S,
      mqttVersion: 4,
      onSuccess: () => client === this.#client && this.#up(),
      onFailure: () => client === this.#client && this.#lost(),
    });
  }

  #up() {
    this.#since = performance.now();
    this.#on.state("connected");
    this.#on.connected();
  }

  #lost() {
    if (this.#since && performance.now() - this.#since > PROVEN_MS) this.#attempt = 0;
    this.#since = 0;
    this.#client = null;
    this.#on.state("disconnected");
    this.#timer = setTimeout(() => this.#connect(), 1000 * waitBefore(this.#attempt, Math.random()));
    this.#attempt += 1;
  }

  #seen(visible) {
    clearTimeout(this.#restTimer);
    if (visible) this.#wake();
    else this.#restTimer = setTimeout(() => this.#rest(), REST_AFTER_MS);
  }

  #wake() {
    if (this.#client) return; // connected, or about to be
    this.#attempt = 0;
    this.#connect();
  }

  #rest() {
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    this.#since = 0;
    if (client?.isConnected()) client.disconnect();
    this.#on.state("asleep");
  }

  #deliver(message) {
    // An error thrown here would end the client's reading of what else arrived with it.
    try {
      this.#on.message({
        topic: message.destinationName,
        bytes: message.payloadBytes,
        retained: message.retained,
      });
    } catch (error) {
      console.warn(`left out ${message.destinationName}: ${error.message}`);
    }
  }
}

const decoder = new TextDecoder();

/** The text of a payload; what is no UTF-8 shows as U+FFFD. */
export const textOf = (bytes) => decoder.decode(bytes);
