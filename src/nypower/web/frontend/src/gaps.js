// Where the feed had nothing, the line has a gap.

/** Between two points further apart than this nothing is drawn. */
const GAP_S = 20 * 60;

/** The columns with a null in the middle of each gap, so that no line is drawn across. */
export function withGaps([stamps, values]) {
  const columns = [[], []];
  stamps.forEach((stamp, i) => {
    const before = stamps[i - 1];
    if (stamp - before > GAP_S) {
      columns[0].push((stamp + before) / 2);
      columns[1].push(null);
    }
    columns[0].push(stamp);
    columns[1].push(values[i]);
  });
  return columns;
}
