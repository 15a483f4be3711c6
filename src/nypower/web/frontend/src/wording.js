// Numbers and times as a person in New York reads them.

const NEW_YORK = "America/New_York";

const format = (options) => new Intl.DateTimeFormat("en-US", { timeZone: NEW_YORK, ...options });

const TIME = { hour: "numeric", minute: "2-digit" };
const DAY = { weekday: "short", month: "short", day: "numeric", timeZoneName: "short" };
const full = format({ ...DAY, ...TIME });
const withYear = format({ ...DAY, ...TIME, year: "numeric" });
const clock = format({ weekday: "short", ...TIME });
const time = format(TIME);
const megawatts = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** "Sun, Nov 22, 1:35 AM EST"; with the year where the data are old. */
export const stampText = (second, old) => (old ? withYear : full).format(second * 1000);

/** "1:35 AM" */
export const timeText = (second) => time.format(second * 1000);

/** "Sun 1:35 AM" */
export const clockText = (second) => clock.format(second * 1000).replace(",", "");

export const megawattText = (mw) => megawatts.format(mw);

/** Grams as the page shows them: whole. */
export const gramText = (grams) => String(Math.round(grams));

/** How long ago, from seconds of the feed's time. */
export function ageText(age) {
  const minutes = Math.floor(age / 60);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

/** What a percentile means: it is the share of the last 30 days that was cleaner. */
export function percentileText(percentile) {
  if (percentile === null || percentile === undefined) return "";
  if (percentile === 0) return "as clean as it was in the last 30 days";
  if (percentile < 50) return `cleaner than ${100 - percentile} % of the last 30 days`;
  return `${percentile} % of the last 30 days were cleaner`;
}
