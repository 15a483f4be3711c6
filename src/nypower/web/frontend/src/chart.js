// The line of the last 24 hours: a uPlot chart, built once and then fed.

import uPlot from "uplot";
import { withGaps } from "./gaps.js";
import { WINDOW_S } from "./line.js";
import { clockText, gramText, timeText } from "./wording.js";

const NEW_YORK = "America/New_York";

const hour = new Intl.DateTimeFormat("en-US", { timeZone: NEW_YORK, hour: "numeric" });

/** "128 g (2:10 AM) to 266 g (7:00 PM)": the least and the most */
function rangeText([stamps, values]) {
  const known = values.filter((value) => value !== null);
  const at = (value) => `${gramText(value)} g (${timeText(stamps[values.indexOf(value)])})`;
  return `${at(Math.min(...known))} to ${at(Math.max(...known))}`;
}

/** A vertical gradient that takes the colour of each band of the index at its height. */
function bandGradient(plot, bands, colours, alpha) {
  const { top, height } = plot.bbox;
  const gradient = plot.ctx.createLinearGradient(0, top + height, 0, top);
  const most = plot.scales.y.max;
  let from = 0;
  for (const [i, colour] of colours.entries()) {
    const upTo = Math.min(1, (bands[i]?.[0] ?? Infinity) / most);
    gradient.addColorStop(Math.min(from, 1), colour + alpha);
    gradient.addColorStop(upTo, colour + alpha);
    from = upTo;
  }
  return gradient;
}

function coloursOf(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    bands: [1, 2, 3, 4, 5].map((n) => read(`--band-${n}`)),
    text: read("--muted"),
    grid: read("--line"),
  };
}

function optionsFor(element, bands, onReading) {
  const colours = coloursOf(element);
  const axis = { stroke: colours.text, font: "12px system-ui, sans-serif", ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), NEW_YORK),
    legend: { show: false },
    padding: [10, 20, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 9, width: 2 } },
    scales: {
      x: { range: (_, __, newest) => [newest - WINDOW_S, newest] },
      y: { range: (_, __, most) => [0, Math.max(150, Math.ceil((most * 1.04) / 50) * 50)] },
    },
    series: [
      {},
      {
        width: 2.5,
        points: { show: false },
        stroke: (plot) => bandGradient(plot, bands, colours.bands, "ff"),
        fill: (plot) => bandGradient(plot, bands, colours.bands, "2e"),
      },
    ],
    axes: [
      { ...axis, grid: { show: false }, space: 56, size: 28, values: (_, at) => at.map((stamp) => hour.format(stamp * 1000)) },
      { ...axis, grid: { stroke: colours.grid, width: 1 }, size: 42, space: 36 },
    ],
    hooks: { setCursor: [(plot) => onReading(plot.cursor.idx ?? null)] },
  };
}

export class Chart {
  #element;
  #reading;
  #bands;
  #plot = null;
  #columns = [[], []];

  /** Draws into `element`; what the cursor is on is written into `reading`. */
  constructor(element, reading, bands) {
    this.#element = element;
    this.#reading = reading;
    this.#bands = bands;
    new ResizeObserver(() => this.#resize()).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("blur", () => {
      reading.setAttribute("aria-live", "off");
      this.#plot?.setCursor({ left: -10, top: -10 });
    });
  }

  /** Shows columns of stamps and values. */
  show(columns) {
    this.#columns = withGaps(columns);
    if (columns[0].length === 0) return;
    if (this.#plot === null) this.#rebuild();
    else this.#plot.setData(this.#columns);
    this.#tell(this.#plot.cursor.idx ?? null);
  }

  #rebuild() {
    if (this.#columns[0].length === 0) return;
    this.#plot?.destroy();
    const options = optionsFor(this.#element, this.#bands, (idx) => this.#tell(idx));
    this.#plot = new uPlot(options, this.#columns, this.#element);
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#element;
    if (this.#plot && width > 0) this.#plot.setSize({ width, height });
  }

  #tell(idx) {
    const [stamps, values] = this.#columns;
    const value = idx === null ? null : values[idx];
    this.#reading.textContent =
      value === null || value === undefined
        ? rangeText(this.#columns)
        : `${clockText(stamps[idx])}: ${gramText(value)} g`;
  }

  #key(event) {
    const last = this.#columns[0].length - 1;
    const at = this.#plot?.cursor.idx ?? last;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined || this.#plot === null) return;
    event.preventDefault();
    const idx = Math.min(Math.max(to, 0), last);
    this.#reading.setAttribute("aria-live", "polite");
    this.#plot.setCursor({ left: this.#plot.valToPos(this.#columns[0][idx], "x"), top: 10 });
  }
}
