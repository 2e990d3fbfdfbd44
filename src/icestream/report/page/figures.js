// What the steps tell of their results: the sentence and the plots that a protocol's author wrote.

const opened = new Map();

/** One card for each step with something to tell; plots of what the trends show too are folded. */
function drawSteps() {
  const told = new Map((state.steps?.steps ?? []).map((step) => [step.name, step]));
  const silent = { sentence: "", problems: [], figures: [], known: true, count: 0, total: 0 };
  const steps = (state.live?.steps ?? []).filter((step) => told.has(step.name) || (state.steps && state.live.counts.found > 0 && step.limits.length > 0))
    .map((step) => ({ ...silent, title: step.title, ...told.get(step.name), name: step.name, limits: step.limits }));
  find("steps").hidden = steps.length === 0;
  listParts();
  fill(find("steps-told"), steps.map(stepCard));
  goToPart();
}

function stepCard(step) {
  const plots = el("div", { class: "grid-3" });
  const draw = () => {
    if (plots.childElementCount) return;
    const cards = step.figures.map((figure) => ({ figure, holder: el("div", { class: "plot" }) }));
    fill(plots, cards.map(({ figure, holder }) => el("figure", { class: "card" }, el("figcaption", {}, el("span", {}, figure.title)), holder)));
    for (const { figure, holder } of cards) fill(holder, figurePlot(holder.clientWidth || 300, figure));
  };
  const open = opened.get(step.name) ?? !step.known;
  const some = step.count < step.total ? `the newest ${count(step.count)} of ${count(step.total)} results` : null;
  const fold = step.figures.length > 0 && el("details", { open, ontoggle: (event) => {
    opened.set(step.name, event.target.open);
    if (event.target.open) draw();
  } }, el("summary", {}, step.figures.length === 1 ? "1 plot" : `${step.figures.length} plots`), plots);
  const card = el("article", { class: step.figures.length > 1 ? "card told many" : "card told" },
    el("h3", {}, step.title, el("small", {}, ` ${[step.name, some].filter(Boolean).join(" · ")}`)),
    step.sentence && el("p", {}, step.sentence),
    step.limits.length > 0 && el("p", { class: "quiet" }, `Limits: ${step.limits.join("; ")}.`),
    step.problems.map((problem) => el("p", { class: "problem" }, problem)), fold);
  if (open && step.figures.length) requestAnimationFrame(draw);
  return card;
}

/** A figure of any protocol: values in order, a histogram, or one value against another. */
function figurePlot(width, figure) {
  if (figure.count === 0) return el("p", { class: "quiet" }, "no values yet");
  if (figure.kind === "histogram") return countsPlot(width, figure);
  const height = 190;
  const frame = { left: 46, right: width - 10, top: 22, bottom: height - 34 };
  const scatter = figure.kind === "scatter";
  const all = scatter ? figure.x : figure.y.map((_, i) => 1 + (i * figure.count) / figure.y.length);
  const known = figure.y.map((_, i) => i).filter((i) => figure.y[i] !== null && all[i] !== null);
  const [bottom, top] = padded(known.map((i) => figure.y[i]));
  const [left, right] = padded(known.map((i) => all[i]));
  const x = scale(left, right, frame.left + 4, frame.right - 4);
  const y = scale(bottom, top, frame.bottom, frame.top);
  const near = (event) => {
    const across = event.offsetX * (width / (event.currentTarget.clientWidth || width));
    const down = event.offsetY * (width / (event.currentTarget.clientWidth || width));
    return nearest(known, (i) => Math.hypot(x(all[i]) - across, scatter ? y(figure.y[i]) - down : 0), 0);
  };
  const exposure = (i) => figure.orders[i] ?? null;
  return svg("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${figure.title}: ${figure.y_label}, ${count(figure.count)} values`,
    onpointermove: (event) => {
      const i = near(event);
      if (i === undefined) return;
      const lines = [`${number(figure.y[i])}${scatter ? ` at ${number(all[i])}` : ""}`];
      if (exposure(i) !== null) lines.push(`exposure ${exposure(i) + 1}`);
      showTip(event, lines);
    },
    onpointerleave: hideTip,
    onclick: (event) => { const i = near(event); if (i !== undefined && exposure(i) !== null) { hideTip(); openExposure(exposure(i)); } },
  }, yAxis(frame, bottom, top, y).flat(), xAxis(frame, left, right, x, figure.x_label), axisTitle(frame, figure.y_label),
    known.map((i) => svg("circle", { class: "dot", cx: x(all[i]).toFixed(1), cy: y(figure.y[i]).toFixed(1), r: 2.2 })));
}

/** How many values fall where. */
function countsPlot(width, figure) {
  const height = 190;
  const frame = { left: 46, right: width - 10, top: 22, bottom: height - 34 };
  const { low, step, counts } = figure.histogram;
  const first = counts.findIndex((value) => value > 0);
  const last = counts.findLastIndex((value) => value > 0);
  if (first < 0) return el("p", { class: "quiet" }, "no values yet");
  const from = low + Math.max(0, first - 1) * step;
  const to = low + Math.min(counts.length, last + 2) * step;
  const most = Math.max(...counts);
  const x = scale(from, to, frame.left, frame.right);
  const y = scale(0, most, frame.bottom, frame.top);
  const bars = counts.map((value, i) => value > 0 && svg("rect", {
    class: "bar", x: x(low + i * step) + 0.5, width: Math.max(0.5, x(low + (i + 1) * step) - x(low + i * step) - 1), y: y(value), height: frame.bottom - y(value),
    onpointermove: (event) => showTip(event, [`${short(low + i * step)} to ${short(low + (i + 1) * step)}`, count(value)]), onpointerleave: hideTip,
  }));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${figure.title}: histogram of ${figure.y_label}, ${count(figure.count)} values` },
    yAxis(frame, 0, most, y, Math.min(4, most)).flat(), xAxis(frame, from, to, x, figure.y_label), axisTitle(frame, "count"), bars);
}

/** Ends of an axis with a little room at each. */
function padded(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 0.5;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

function xAxis(frame, low, high, x, label) {
  const values = ticks(low, high, Math.max(2, (frame.right - frame.left) / 55));
  const texts = tickTexts(values);
  return [...values.map((value, i) => svg("text", { class: "tick", x: x(value), y: frame.bottom + 15, "text-anchor": "middle" }, texts[i])),
  svg("text", { class: "tick", x: (frame.left + frame.right) / 2, y: frame.bottom + 30, "text-anchor": "middle" }, label)];
}

/** What the y axis measures, above it. */
const axisTitle = (frame, label, anchor = "start") =>
  svg("text", { class: "tick", x: anchor === "end" ? frame.left - 6 : frame.left - 38, y: frame.top - 10, "text-anchor": anchor }, label);
