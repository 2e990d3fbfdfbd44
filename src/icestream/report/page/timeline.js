// What happened when: alerts, changes and the rate in one time; agreement of consensus steps; decisions.

const LEVELS = { notice: "Notice", warning: "Warning", critical: "Critical" };

/** The time that is drawn: that of the acquisition, as in the trends. */
function timelineSpan(line) {
  const { tempo, alerts, marks, now } = line;
  const times = [tempo && [tempo.start, tempo.start + tempo.width * tempo.taken.length], ...alerts.map((alert) => [alert.since, alert.cleared ?? now]), ...marks.map((mark) => [mark.at, mark.at])].filter(Boolean);
  let first = times.reduce((low, each) => Math.min(low, each[0]), Infinity);
  let last = times.reduce((high, each) => Math.max(high, each[1]), -Infinity);
  const span = state.trends?.span;
  if (span && span[0] < last && span[1] > first) { first = Math.min(first, span[0]); last = Math.max(last, span[1]); }
  return [first, Math.max(last, first + 60)];
}

function drawTimeline() {
  const line = state.timeline;
  find("timeline").hidden = !line || !line.tempo;
  listParts();
  if (find("timeline").hidden) return;
  const holder = find("timeline-body");
  const calm = line.alerts.length === 0 && line.marks.length === 0;
  find("timeline-note").textContent = calm ? "No alert was raised, and nothing was changed." : `${count(line.alerts.length)} ${line.alerts.length === 1 ? "alert" : "alerts"}, ${count(line.marks.length)} ${line.marks.length === 1 ? "change" : "changes"}. Below: ${state.live.called.many} ${came(line.tempo)} (bars) and processed (line) ${rateUnit(line.tempo)}.`;
  // What holds goes on while nothing is written anew.
  const now = state.live.session.finished ? line.now : line.now + Math.max(0, state.live.written - line.written);
  fill(holder, timelinePlot(holder.clientWidth || 700, { ...line, now }));
}

function timelinePlot(width, line) {
  const lanes = line.alerts.reduce((most, alert) => Math.max(most, alert.lane + 1), 0);
  const [row, rate] = [15, 80];
  const changes = line.marks.length > 0 ? 20 : 0;
  const top = 6;
  const under = top + lanes * row + changes + (lanes + changes ? 8 : 0);
  const frame = { left: 46, right: width - 10, top: under + 14, bottom: under + 14 + rate };
  const height = frame.bottom + 22;
  const [first, last] = timelineSpan(line);
  const x = scale(first, last, frame.left + 4, frame.right - 4);
  const { step, values } = timeTicks(first, last, Math.max(2, (frame.right - frame.left) / 75));
  const grid = values.map((value) => svg("line", { class: "grid", x1: x(value), x2: x(value), y1: top, y2: frame.bottom }));
  const labels = values.map((value) => svg("text", { class: "tick", x: x(value), y: frame.bottom + 15, "text-anchor": "middle" }, timeLabel(value, step)));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Timeline of ${line.alerts.length} alerts and ${line.marks.length} changes` },
    grid, labels, line.alerts.map((alert) => alertBar(alert, line.now, x, top + alert.lane * row, row)).flat(),
    line.marks.map((mark) => changeMark(mark, x(mark.at), top + lanes * row + 10, frame.bottom)).flat(), rateBars(line.tempo, frame, x));
}

function alertBar(alert, now, x, y, row) {
  const from = x(alert.since);
  const to = Math.max(from + 4, x(alert.cleared ?? now));
  const told = [`${LEVELS[alert.level] ?? alert.level}: ${alert.message}`, `${clock(alert.since)} to ${alert.cleared ? clock(alert.cleared) : "now"}, ${duration((alert.cleared ?? now) - alert.since)}`, toldAt(alert),
    alert.acknowledged && `acknowledged by ${alert.acknowledged_by}, ${clock(alert.acknowledged)}`, alert.adopted && `what it offers was done by ${alert.adopted_by}`,
    alert.muted && `muted until ${clock(alert.muted)} by ${alert.muted_by}`].filter(Boolean);
  const press = () => { hideTip(); if (alert.order !== null) openExposure(alert.order); else find("alerts").scrollIntoView(); };
  const over = { onpointermove: (event) => showTip(event, told), onpointerleave: hideTip, onclick: press };
  return [
    svg("rect", { class: `span ${alert.level}${alert.cleared ? " over" : ""}`, x: from, y: y + 2, width: to - from, height: row - 5, rx: 2, ...over }),
    alert.acknowledged && svg("text", { class: "seen", x: Math.min(Math.max(x(alert.seen), from), to) + 1, y: y + row - 5, ...over }, "✓"),
    alert.muted && svg("text", { class: "seen", x: to - 10, y: y + row - 5, ...over }, "∅"),
  ].filter(Boolean);
}

function changeMark(mark, x, y, bottom) {
  const times = mark.count > 1 ? `${count(mark.count)} times until ${clock(mark.until)}, first: ` : "";
  const told = [`${clock(mark.at, true)}${Math.abs(mark.at - mark.time) < 60 ? "" : `, decided at ${clock(mark.time, true)}`}, ${decider(mark)}`, times + mark.what];
  const over = { onpointermove: (event) => showTip(event, told), onpointerleave: hideTip, onclick: () => { hideTip(); find("decisions").scrollIntoView(); } };
  return [svg("line", { class: "change", x1: x, x2: x, y1: y, y2: bottom }),
    svg("path", { class: mark.by_session ? "diamond itself" : "diamond", d: `M${x.toFixed(1)} ${y - 6}l5 6l-5 6l-5 -6Z`, ...over })];
}

/** A rate needs some time: an hour of a session of a few minutes would say too much. */
const isLong = (tempo) => tempo.width * tempo.taken.length >= 1800;

/** When an exposure was taken is known where the microscope said so. */
const came = (tempo) => (tempo.known ? "taken" : "found");

const rateUnit = (tempo) => (isLong(tempo) ? "an hour" : "a minute");

/** Exposures an hour: found as bars, processed as a line. */
function rateBars(tempo, frame, x) {
  const hourly = (value) => (value * (isLong(tempo) ? 3600 : 60)) / tempo.width;
  // What is run again is processed faster than movies come: it goes beyond the axis.
  const most = Math.max(1, Math.min(Math.max(...tempo.settled.map(hourly)), 2.5 * Math.max(...tempo.taken.map(hourly))), ...tempo.taken.map(hourly));
  const y = scale(0, most, frame.bottom, frame.top);
  const at = (i) => tempo.start + i * tempo.width;
  const bars = tempo.taken.map((value, i) => value > 0 && svg("rect", {
    class: "bar", x: x(at(i)), width: Math.max(0.6, x(at(i + 1)) - x(at(i)) - 0.4), y: y(hourly(value)), height: frame.bottom - y(hourly(value)),
  })).filter(Boolean);
  const middle = tempo.settled.map((value, i) => [x(at(i + 0.5)), y(Math.min(most, hourly(value)))]);
  return [yAxis(frame, 0, most, y, 3).flat(), axisTitle(frame, rateUnit(tempo), "end"), bars, svg("path", { class: "line settled", d: path(middle) }),
    svg("rect", {
      x: frame.left, y: frame.top, width: Math.max(0, frame.right - frame.left), height: frame.bottom - frame.top, fill: "transparent", onpointerleave: hideTip,
      onpointermove: (event) => {
        const box = event.currentTarget.ownerSVGElement;
        const across = event.offsetX * (box.viewBox.baseVal.width / (box.clientWidth || box.viewBox.baseVal.width));
        const i = tempo.taken.findIndex((_, n) => across >= x(at(n)) && across < x(at(n + 1)));
        if (i < 0) { hideTip(); return; }
        showTip(event, [`${clock(at(i))} to ${clock(at(i + 1))}`, `${count(tempo.taken[i])} ${came(tempo)}`, `${count(tempo.settled[i])} processed`]);
      },
    })].flat();
}

// -- agreement -----------------------------------------------------------------

function drawAgreement() {
  const steps = state.agreement?.steps ?? [];
  find("agreement").hidden = steps.length === 0;
  listParts();
  const plots = [];
  fill(find("agreement-body"), steps.map((step) => {
    const quality = state.live.qualities[step.quality];
    const trend = state.trends?.qualities.find((each) => each.name === step.quality);
    const plot = el("div", { class: "plot" });
    if (trend) plots.push([plot, { title: quality.title, y_label: `${quality.title}${quality.unit ? ` / ${quality.unit}` : ""}`, count: trend.count, histogram: { ...trend.histogram, counts: trend.histogram.kept.map((value, i) => value + trend.histogram.rejected[i]) } }]);
    return el("article", { class: "card told" }, el("h3", {}, step.title, el("small", {}, ` ${step.step} · ${count(step.exposures)} exposures`)),
      step.members.length > 0 && votesTable(step), step.pickers && pickersTable(step.pickers),
      trend && el("figure", {}, el("figcaption", {}, el("span", {}, quality.title), el("span", {}, ["median ", el("strong", {}, shown(trend.median, quality), spaced(quality.unit))])), el("p", { class: "meaning" }, quality.meaning), plot));
  }));
  for (const [plot, drawn] of plots) fill(plot, countsPlot(plot.clientWidth || 300, drawn));
}

function votesTable(step) {
  const share = (part, whole) => (whole ? `${number((100 * part) / whole)}\u202f%` : "–");
  const most = Math.max(0.01, ...step.members.map((member) => member.outvoted / member.told));
  return el("table", { class: "votes" }, el("thead", {}, el("tr", {}, ["Member", "Outvoted", "", "of the last 100"].map((text, i) => el("th", { scope: "col", class: i % 2 && "n" }, text)))),
    el("tbody", {}, step.members.map((member) => el("tr", { title: `${count(member.outvoted)} of ${count(member.told)}` }, el("th", { scope: "row" }, member.title, el("small", {}, ` ${member.step}`)),
      el("td", { class: "n" }, `${count(member.outvoted)} · ${share(member.outvoted, member.told)}`),
      el("td", { class: "meter" }, el("span", { style: `width:${(100 * member.outvoted) / member.told / most}%` })), el("td", { class: "n" }, share(member.lately, member.of))))));
}

/** What each two pickers have in common, as a part of what either has found. */
function pickersTable(pickers) {
  const cell = (i, j) => {
    const value = pickers.jaccard[i][j];
    if (i === j) return el("td", { class: "n own", title: "particles that this one found" }, count(pickers.found[i]));
    const style = value === null ? "" : `background:${viridis(value)};color:${value > 0.6 ? "#000" : "#fff"}`;
    return el("td", { class: "n", style, title: `${count(pickers.shared[i][j])} particles in common` }, value === null ? "–" : value.toFixed(2));
  };
  return el("div", { class: "scroll plain" }, el("table", { class: "pickers" }, el("thead", {}, el("tr", {}, el("th", {}, el("small", {}, "Jaccard index")), pickers.steps.map((name, i) => el("th", { scope: "col", class: "n", title: pickers.titles[i] }, name)))),
    el("tbody", {}, pickers.titles.map((title, i) => el("tr", {}, el("th", { scope: "row", title }, pickers.steps[i]), pickers.titles.map((_, j) => cell(i, j)))))),
    el("p", { class: "meaning below" }, "Particles that both have found, as a part of those that either has found; on the diagonal all of one."));
}

// -- decisions -------------------------------------------------------------------

const log = { kind: "", words: "", most: 40 };

function drawLog() {
  const known = state.log;
  find("decisions").hidden = !known || known.total === 0;
  listParts();
  if (find("decisions").hidden) return;
  const kinds = ["", ...Object.keys(known.counts)];
  fill(find("log-kinds"), kinds.length > 2 && kinds.map((kind) => el("button", { "aria-pressed": String(kind === log.kind), onclick: () => { log.kind = kind; log.most = 40; drawLog(); } },
    kind || "all", " ", el("small", {}, count(kind ? known.counts[kind] : Object.values(known.counts).reduce((sum, each) => sum + each, 0))))));
  find("log-words").hidden = known.groups.length < 10;
  const fits = (entry) => [entry.what, entry.who, entry.why, entry.effect].join(" ").toLowerCase().includes(log.words);
  const groups = known.groups.filter((group) => !log.kind || group.kind === log.kind)
    .map((group) => ({ ...group, entries: group.entries.filter(fits) })).filter((group) => group.entries.length > 0);
  let before = "";
  const rows = groups.slice(0, log.most).flatMap((group) => {
    const today = day(new Date(group.entries[0].time * 1000));
    const head = today !== before && el("tr", { class: "day" }, el("th", { colspan: 4, scope: "colgroup" }, today));
    before = today;
    return [head, ...logRows(group)].filter(Boolean);
  });
  fill(find("decisions-body"), rows.length > 0 ? rows : el("tr", {}, el("td", { class: "quiet", colspan: 4 }, "No decision is like that.")));
  const more = find("log-more");
  more.hidden = groups.length <= log.most;
  more.textContent = `${count(groups.length - log.most)} earlier`;
  goToPart();
}

/** One row for a decision; several of a kind are folded into one. */
function logRows(group) {
  const time = (entry) => { const when = new Date(entry.time * 1000); return `${pad(when.getHours())}:${pad(when.getMinutes())}`; };
  const what = (entry) => [el("span", { class: "did" }, entry.what), entry.effect && el("small", { class: "effect" }, `→ ${entry.effect}`)];
  const one = (entry) => el("tr", {}, el("td", { class: "when" }, time(entry)), el("td", {}, decider(entry)), el("td", {}, what(entry)), el("td", {}, entry.why));
  if (group.entries.length === 1) return [one(group.entries[0])];
  const [newest, oldest] = [group.entries[0], group.entries.at(-1)];
  const whys = [...new Set(group.entries.map((entry) => entry.why))];
  return [el("tr", {}, el("td", { class: "when" }, `${time(oldest)} to ${time(newest)}`), el("td", {}, decider(newest)),
    el("td", {}, el("details", {}, el("summary", {}, `${group.verb}, ${count(group.entries.length)} times`), el("ul", { class: "entries" }, group.entries.map((entry) => el("li", {}, `${time(entry)} `, what(entry)))))),
    el("td", {}, whys.length === 1 ? whys[0] : ""))];
}
