// Where the broker's websocket is.

/**
 * The URL to open: `ws.url` where it is set (with /mqtt where it names no path), else the
 * page's own host at `ws.port`, secure where the page is.
 */
export function brokerUrl(ws, location) {
  if (ws.url) return /^wss?:\/\/[^/]+$/.test(ws.url) ? `${ws.url}/mqtt` : ws.url;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.hostname}:${ws.port}/mqtt`;
}
