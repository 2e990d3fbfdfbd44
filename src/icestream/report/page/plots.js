// Plots as SVG: a quality over time with its histogram at the side, lines, tracks, sparklines.

const tip = { node: null };

/** Show a small label near a point of the page. */
function showTip(event, lines) {
  tip.node ??= document.body.appendChild(el("div", { class: "tip", role: "status" }));
  fill(tip.node, lines.map((line) => el("div", {}, line)));
  tip.node.hidden = false;
  const box = tip.node.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, window.innerWidth - box.width - 6);
  const above = event.clientY - box.height - 12;
  tip.node.style.left = `${Math.max(6, left)}px`;
  tip.node.style.top = `${above < 6 ? event.clientY + 16 : above}px`;
}

function hideTip() {
  if (tip.node) tip.node.hidden = true;
}

const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** Horizontal grid lines with their values. */
function yAxis(frame, low, high, y, wanted = 4) {
  const values = ticks(low, high, wanted);
  const texts = tickTexts(values);
  return values.map((value, i) => [
    svg("line", { class: "grid", x1: frame.left, x2: frame.right, y1: y(value), y2: y(value) }),
    svg("text", { class: "tick", x: frame.left - 6, y: y(value) + 3.5, "text-anchor": "end" }, texts[i]),
  ]);
}

function timeAxis(frame, low, high, x) {
  const { step, values } = timeTicks(low, high, Math.max(2, (frame.right - frame.left) / 75));
  return values.map((value) =>
    svg("text", { class: "tick", x: x(value), y: frame.bottom + 15, "text-anchor": "middle" }, timeLabel(value, step)));
}

/** From the earliest to the latest exposure that was measured, at least a minute. */
function timeSpan(trend) {
  const measured = trend.time.filter((_, i) => trend.qualities.some((quality) => quality.mid[i] !== null));
  const first = measured.reduce((one, two) => Math.min(one, two), Infinity);
  const last = measured.reduce((one, two) => Math.max(one, two), -Infinity);
  return [first, Math.max(last, first + 60)];
}

/**
 * One quality: values over time on the left, their histogram on the right, one y axis for both.
 * With many exposures each point stands for several: the line is their median, the band their range.
 */
function trendPlot(width, quality, trend, onPick, mini = false) {
  const height = mini ? 104 : width < 400 ? 165 : 195;
  const side = mini ? -4 : Math.min(110, width * 0.2);
  const frame = { left: mini ? 34 : 46, right: width - side - 10, top: mini ? 6 : 20, bottom: height - (mini ? 18 : 22) };
  const { low, high } = quality.range;
  const y = scale(low, high, frame.bottom, frame.top);
  const inside = (value) => Math.min(high, Math.max(low, value));
  const [first, last] = trend.span;
  const x = scale(first, last, frame.left + 4, frame.right - 4);
  const known = trend.time.map((_, i) => i).filter((i) => quality.mid[i] !== null).sort((a, b) => trend.time[a] - trend.time[b]);
  const parts = [...yAxis(frame, low, high, y, mini ? 3 : 4), ...timeAxis(frame, first, last, x)].flat();
  if (quality.unit && !mini) parts.push(axisTitle(frame, quality.unit, "end"));
  parts.push(...limitLines(frame, quality, y), ...(mini ? [] : controlLines(frame, quality, y)));
  if (trend.width > 1) {
    const gap = Math.max(600, ((last - first) / trend.time.length) * 6);
    for (const run of runs(known, trend.time, gap)) {
      const up = run.map((i) => [x(trend.time[i]), y(inside(quality.high[i]))]);
      const down = run.map((i) => [x(trend.time[i]), y(inside(quality.low[i]))]).reverse();
      parts.push(svg("path", { class: "band", d: `${path([...up, ...down])}Z` }));
      parts.push(svg("path", { class: "line", d: path(run.map((i) => [x(trend.time[i]), y(inside(quality.mid[i]))])) }));
      for (const i of run) {
        if (quality.high[i] > high) parts.push(mark(x(trend.time[i]), frame.top, false, "up"));
        if (quality.low[i] < low) parts.push(mark(x(trend.time[i]), frame.bottom, false, "down"));
        for (const value of [quality.low[i], quality.high[i]]) if (!mini && outside(value, quality)) parts.push(ringAt(x(trend.time[i]), y(inside(value))));
      }
    }
  } else {
    for (const i of known) {
      const out = quality.mid[i] > high ? "up" : quality.mid[i] < low ? "down" : "";
      parts.push(mark(x(trend.time[i]), y(inside(quality.mid[i])), trend.rejected[i] > 0, out));
      if (!mini && outside(quality.mid[i], quality)) parts.push(ringAt(x(trend.time[i]), y(inside(quality.mid[i]))));
    }
  }
  if (!mini) parts.push(...histogram(frame, side, width, quality, y));
  const clipped = clippedText(quality);
  if (clipped) parts.push(svg("text", { class: "tick clipped", x: frame.right, y: mini ? frame.top + 8 : frame.top - 8, "text-anchor": "end" }, clipped));
  const cross = svg("line", { class: "cross", y1: frame.top, y2: frame.bottom, visibility: "hidden" });
  const near = (event) => nearest(known, (i) => x(trend.time[i]), event.offsetX * (width / (event.currentTarget.clientWidth || width)));
  const drawing = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${quality.title}: median ${shown(quality.median, quality)}${spaced(quality.unit)} of ${count(quality.count)} exposures${clipped ? `; ${clipped}` : ""}`,
    onpointermove: (event) => {
      const i = near(event);
      if (i === undefined || event.offsetX > frame.right) { hideTip(); cross.setAttribute("visibility", "hidden"); return; }
      cross.setAttribute("x1", x(trend.time[i]));
      cross.setAttribute("x2", x(trend.time[i]));
      cross.setAttribute("visibility", "visible");
      showTip(event, tipLines(quality, trend, i));
    },
    onpointerleave: () => { hideTip(); cross.setAttribute("visibility", "hidden"); },
    onclick: (event) => { const i = near(event); if (i !== undefined && event.offsetX <= frame.right) onPick(trend.first[i]); },
  }, parts, cross);
  return drawing;
}

/** Lines at the limits that the axis reaches; where two stand at one value, what refuses is seen. */
function limitLines(frame, quality, y) {
  const { low, high } = quality.range;
  const ends = quality.limits.lines.flatMap((line) => [line.low, line.high].map((value) => ({ value, refuses: line.refuses })));
  return ends.filter(({ value }) => value !== null && value > low && value < high).reverse().map(({ value, refuses }) =>
    svg("line", { class: refuses ? "limit refuses" : "limit warns", x1: frame.left, x2: frame.right, y1: y(value), y2: y(value) }));
}

/** Centre and limits of the session itself, where the axis reaches them. */
function controlLines(frame, quality, y) {
  const { low, high } = quality.range;
  const { control } = quality;
  if (!control) return [];
  return [control.low, control.high].filter((value) => value !== null && value > low && value < high).map((value) =>
    svg("line", { class: "control", x1: frame.left, x2: frame.right, y1: y(value), y2: y(value) }));
}

/** Whether a value is not like the rest of the session. */
const outside = (value, { control }) => Boolean(control) && value !== null && ((control.low !== null && value < control.low) || value > control.high);

const ringAt = (x, y) => svg("circle", { class: "outside", cx: x.toFixed(1), cy: y.toFixed(1), r: 3.4 });

/** The control limits in words, and how many values lie outside. */
function controlText({ control, ...quality }) {
  if (!control) return "";
  const ends = control.low === null ? `up to ${shown(control.high, quality)}` : `${shown(control.low, quality)} to ${shown(control.high, quality)}`;
  return `control limits ${ends}${spaced(quality.unit)}: ${count(control.outside)} outside`;
}

/** How many values lie beyond the axis. */
function clippedText(quality) {
  const [below, above] = quality.beyond;
  return [above && `${count(above)} above ↑`, below && `${count(below)} below ↓`].filter(Boolean).join(", ");
}

function tipLines(quality, trend, i) {
  const many = trend.width > 1;
  const value = `${many ? "median " : ""}${shown(quality.mid[i], quality)}${spaced(quality.unit)}`;
  const range = many ? `${shown(quality.low[i], quality)} to ${shown(quality.high[i], quality)}${spaced(quality.unit)}` : null;
  const beyond = { refuses: "beyond the limit: refused", warns: "beyond the limit: warning" }[breach(quality.mid[i], quality)];
  const strange = many ? [quality.low[i], quality.high[i]].some((each) => outside(each, quality)) && "some outside the control limits" : outside(quality.mid[i], quality) && "outside the control limits";
  const rejected = trend.rejected[i] ? `${many ? trend.rejected[i] + " " : ""}rejected` : null;
  const which = many ? `exposures ${trend.first[i] + 1} to ${trend.first[i] + trend.width}` : `exposure ${trend.first[i] + 1}`;
  return [value, range, beyond, strange, rejected, `${which}, ${clock(trend.time[i], !many)}`].filter(Boolean);
}

/** Accepted exposures are dots, rejected ones crosses, values beyond the axis small arrows. */
function mark(x, y, rejected, out) {
  const kind = rejected ? "dot rejected" : "dot";
  if (out) return svg("path", { class: `${kind} out`, d: `M${x - 4} ${y}L${x + 4} ${y}L${x} ${y + (out === "up" ? -6 : 6)}Z` });
  if (!rejected) return svg("circle", { class: kind, cx: x.toFixed(1), cy: y.toFixed(1), r: 2.2 });
  return svg("path", { class: "x", d: `M${x - 2.5} ${y - 2.5}l5 5m0 -5l-5 5` });
}

function runs(indices, time, gap) {
  const found = [];
  for (const i of indices) {
    const current = found[found.length - 1];
    if (current && time[i] - time[current[current.length - 1]] <= gap) current.push(i);
    else found.push([i]);
  }
  return found;
}

function nearest(indices, position, wanted) {
  let best;
  for (const i of indices) {
    if (best === undefined || Math.abs(position(i) - wanted) < Math.abs(position(best) - wanted)) best = i;
  }
  return best;
}

function histogram(frame, side, width, quality, y) {
  const { low, step, kept, rejected } = quality.histogram;
  const most = Math.max(1, ...kept.map((value, i) => value + rejected[i]));
  const x = scale(0, most, width - side, width - 4);
  const bars = kept.flatMap((value, i) => {
    const top = y(low + (i + 1) * step) + 0.5;
    const tall = Math.max(0.5, y(low + i * step) - top - 0.5);
    const from = `${short(low + i * step)} to ${short(low + (i + 1) * step)}${spaced(quality.unit)}`;
    const label = [from, `${count(value)} accepted, ${count(rejected[i])} rejected`];
    const bar = (kind, start, end) => end > start && svg("rect", {
      class: kind, x: x(start), y: top, width: x(end) - x(start), height: tall,
      onpointermove: (event) => { event.stopPropagation(); showTip(event, label); }, onpointerleave: hideTip,
    });
    return [bar("bar", 0, value), bar("bar rejected", value, value + rejected[i])];
  }).filter(Boolean);
  const middle = svg("line", { class: "median", x1: width - side, x2: width - 2, y1: y(quality.median), y2: y(quality.median) });
  return [svg("line", { class: "axis", x1: width - side - 0.5, x2: width - side - 0.5, y1: frame.top, y2: frame.bottom }), ...bars, middle];
}

/** Two or more small lines without axes, sharing a scale. */
function sparkline(width, height, lines, label) {
  const most = Math.max(1, ...lines.flatMap((line) => line.values));
  const y = scale(0, most, height - 1.5, 2);
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", preserveAspectRatio: "none", role: "img", "aria-label": label }, lines.map((line) => {
    const x = scale(0, Math.max(1, line.values.length - 1), 1, width - 1);
    return svg("path", { class: line.kind, d: path(line.values.map((value, i) => [x(i), y(value)])) });
  }));
}

/** A measured value over the last hour with its scale. */
function levelPlot(width, series) {
  const height = 100;
  const frame = { left: 44, right: width - 6, top: 20, bottom: height - 20 };
  const values = series.points.map((point) => point[1]);
  const top = series.unit === "%" ? 100 : (Math.max(...values) || 1) * 1.15;
  const y = scale(0, top, frame.bottom, frame.top);
  const first = series.points[0][0];
  const last = Math.max(series.points[series.points.length - 1][0], first + 60);
  const x = scale(first, last, frame.left, frame.right);
  const points = series.points.map(([time, value]) => [x(time), y(value)]);
  const under = [...points, [points[points.length - 1][0], frame.bottom], [points[0][0], frame.bottom]];
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${series.title}: now ${withUnit(series.now, series.unit)}` },
    yAxis(frame, 0, top, y, 2).flat(), series.unit && axisTitle(frame, series.unit), timeAxis(frame, first, last, x),
    svg("path", { class: "band", d: `${path(under)}Z` }), svg("path", { class: "line", d: path(points) }));
}

/** What was measured and what was fitted against spatial frequency, which is labelled in Å. */
function curvePlot(width, curve, resolution, label = "Measured Thon rings and fitted CTF", yLabel = "CTF² and rings") {
  const height = 200;
  const frame = { left: 40, right: width - 8, top: 20, bottom: height - 34 };
  const top = curve.s[curve.s.length - 1];
  const x = scale(curve.s[0], top, frame.left, frame.right);
  const values = [...curve.measured, ...curve.fitted].filter((value) => value !== null);
  const ends = [Math.min(0, ...values), Math.max(1, ...values)];
  const y = scale(...ends, frame.bottom, frame.top);
  const line = (kind, list) => svg("path", { class: kind, d: path(list.map((value, i) => [x(curve.s[i]), y(value ?? 0)])) });
  const labels = [30, 20, 15, 10, 8, 6, 5, 4, 3.5, 3, 2.5, 2].filter((each) => 1 / each <= top && 1 / each >= curve.s[0]);
  let free = -99;
  const marks = labels.map((each) => {
    const at = x(1 / each);
    if (at - free < 30) return null;
    free = at;
    return [svg("line", { class: "grid", x1: at, x2: at, y1: frame.top, y2: frame.bottom }),
      svg("text", { class: "tick", x: at, y: frame.bottom + 15, "text-anchor": "middle" }, String(each))];
  }).filter(Boolean).flat();
  const limit = resolution > 0 && 1 / resolution <= top && svg("line", { class: "limit", x1: x(1 / resolution), x2: x(1 / resolution), y1: frame.top, y2: frame.bottom });
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, marks, yAxis(frame, ...ends, y).flat(), axisTitle(frame, yLabel),
    svg("text", { class: "tick", x: (frame.left + frame.right) / 2, y: height - 4, "text-anchor": "middle" }, "spatial frequency, as resolution / Å"),
    line("line fitted", curve.fitted), line("line measured", curve.measured), limit);
}

/** Where the specimen went during the movie, in Å, with y down as in the picture. */
function trackPlot(width, track) {
  const height = Math.min(width, 340);
  const xs = track.map((point) => point[1]);
  const ys = track.map((point) => point[0]);
  const reach = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys), 1) * 1.2;
  const middle = [(Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2];
  const edge = 26;
  const size = Math.min(width, height) - 2 * edge;
  const x = scale(middle[0] - reach / 2, middle[0] + reach / 2, (width - size) / 2, (width + size) / 2);
  const y = scale(middle[1] - reach / 2, middle[1] + reach / 2, (height - size) / 2 - 6, (height + size) / 2 - 6);
  const points = track.map(([dy, dx]) => [x(dx), y(dy)]);
  const bar = ticks(0, reach, 4)[1] ?? 1;
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Track of the specimen over ${track.length} frames` },
    svg("path", { class: "line", d: path(points) }),
    points.map(([px, py]) => svg("circle", { class: "dot", cx: px.toFixed(1), cy: py.toFixed(1), r: 2 })),
    svg("circle", { class: "start", cx: points[0][0], cy: points[0][1], r: 5 }),
    svg("path", { class: "axis", d: `M2 ${height - 10}h${x(bar) - x(0)}` }),
    svg("text", { class: "tick", x: 8 + x(bar) - x(0), y: height - 6 }, `${short(bar)} Å`));
}
