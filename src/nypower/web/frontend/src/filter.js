// Whether a text is a topic filter of MQTT.

/** Why `filter` is none, as a sentence; empty where it is one. */
export function faultOf(filter) {
  if (filter === "") return "A filter cannot be empty.";
  const levels = filter.split("/");
  for (const [i, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || i !== levels.length - 1))
      return "# stands for all that follows: alone, at the end.";
    if (level.includes("+") && level !== "+") return "+ stands for one whole level.";
  }
  return "";
}
