// Head of the page, alerts, tiles, workflow, classes, machine and acquisition.

const STATES = {
  running: "Running", waiting: "Waiting", paused: "Paused", draining: "Finishing",
  done: "Finished", failed: "Failed", stopped: "Stopped", held: "Held",
};

const stateName = (state) => STATES[state] ?? state;

function drawHead(live) {
  const session = live.session;
  document.title = `${session.name} – ${stateName(session.state).toLowerCase()} – icestream`;
  find("session-name").textContent = session.name;
  const pill = find("session-state");
  pill.textContent = stateName(session.state);
  pill.className = `pill state-${session.state}`;
  const parts = [session.reason, session.workflow, session.started && `started ${clock(session.started)}`, session.ended && `ended ${clock(session.ended)}`];
  find("session-line").textContent = parts.filter(Boolean).join(" · ");
}

/** Age of what is shown; a running session that is not updated any more says so. */
function drawAge(live, received) {
  const now = Date.now() / 1000;
  const age = received ? now - received : Math.max(0, now - live.written);
  const ended = live.session.finished;
  find("updated").textContent = ended ? `last update ${clock(live.written)}` : `updated ${age < 2 ? "now" : `${duration(age)} ago`}`;
  drawPublished(live);
  const limit = Math.max(30, 4 * live.every);
  const stale = !ended && age > limit;
  find("live-dot").className = ended ? "live-dot ended" : stale ? "live-dot stale" : "live-dot";
  const banner = find("stale");
  banner.hidden = !stale;
  const text = `This report has not been updated since ${clock(live.written, true)}: the processing may have stopped, and what is shown here may be old.`;
  if (!banner.hidden && banner.textContent !== text) banner.textContent = text;
}

/** Whether others, who read a copy, see this too. */
function drawPublished(live) {
  const { published } = live;
  find("updated").textContent += published?.last ? `, published ${clock(published.last)}` : "";
  find("unpublished").hidden = !published?.failing;
  if (published?.failing) find("unpublished").textContent = `This report has not been published since ${clock(published.failing)}; it is tried again. ${published.why}`;
}

/** What waits to be run again: what is shown until then, and the command. */
function drawAgain(live) {
  const { again } = live;
  find("again").hidden = !again;
  if (!again) return;
  const by = again.who ? ` by ${again.who}` : "";
  fill(find("again"), el("strong", {}, again.text[0].toUpperCase() + again.text.slice(1)), ". ",
    again.until && `Until then, numbers and pictures are those of before the change of ${clock(again.until)}${by}. `,
    again.command && ["To do so: ", el("code", {}, again.command)]);
}

function drawAlerts(live) {
  // What only tells, and what has passed, leaves the first screen to the rest.
  const worst = live.alerts.filter((alert) => !alert.cleared && alert.level !== "notice");
  const active = worst.slice(0, 2);
  const past = live.alerts.filter((alert) => !active.includes(alert));
  const line = (alert) => el("li", { class: `alert ${alert.cleared ? "cleared" : alert.level}`, onclick: (event) => event.currentTarget.classList.toggle("open") },
    el("strong", {}, alert.cleared ? "Cleared" : { notice: "Notice", warning: "Warning", critical: "Critical" }[alert.level] ?? alert.level),
    el("span", { class: "message" }, alertText(alert)),
    el("time", {}, alert.cleared ? `${clock(alert.since)} to ${clock(alert.until)}` : `since ${clock(alert.since)}`, toldAt(alert) && ` (${toldAt(alert)})`));
  fill(find("alerts-now"), active.map(line));
  fill(find("alerts-past"), past.map(line));
  find("alerts-past-box").hidden = past.length === 0;
  const gone = past.filter((alert) => alert.cleared).length;
  const more = worst.length - active.length;
  const notices = past.length - gone - more;
  find("alerts-past-title").textContent = [more && `${count(more)} more ${more === 1 ? "alert" : "alerts"}`, notices && `${count(notices)} ${notices === 1 ? "notice" : "notices"}`, gone && `${count(gone)} past ${gone === 1 ? "alert" : "alerts"}`].filter(Boolean).join(", ");
  find("alerts").hidden = live.alerts.length === 0;
}

/** When people were told, where that was not when it began. */
const toldAt = (alert) => Math.abs(alert.told - alert.since) >= 60 && `told at ${clock(alert.told)}`;

/** The message, with the name of its exposure as a link. */
function alertText(alert) {
  return [...exposureText(alert), alert.extent && ` · shown by ${alert.extent}`, alert.note && ` · ${alert.note}`, ...offerText(alert), ...commandText(alert), ...careText(alert)].filter(Boolean);
}

// What would fix it: to be adopted, or adopted already.
function offerText(alert) {
  if (!alert.offer) return [];
  const changes = Object.entries(alert.offer.changes).map(([name, value]) => `${name}=${String(value).split("/").pop()}`).join(", ");
  const change = `${alert.offer.step} ${changes}`;
  if (alert.adopted) return [" · ", el("span", { class: "offer" }, `Done by ${alert.adopted_by}: ${change}`)];
  return alert.cleared ? [] : [" · ", el("span", { class: "offer" }, `Offered: ${change}`)];
}

/** What to type, whole. */
const commandText = (alert) => (alert.command ? [" · ", el("code", {}, alert.command)] : []);

/** Who takes care of it, and until when nobody is told of its kind. */
function careText(alert) {
  const care = [];
  if (alert.acknowledged) care.push(` · acknowledged by ${alert.acknowledged_by}${alert.acknowledged_why ? `: ${alert.acknowledged_why}` : ""}`);
  if (alert.muted && !alert.cleared) care.push(` · muted until ${clock(alert.muted)} by ${alert.muted_by}`);
  return care;
}

function exposureText(alert) {
  if (alert.order === null) return [alert.message];
  const [before, ...after] = alert.message.split(alert.exposure);
  const link = openLink(alert.order, alert.exposure);
  return after.length ? [before, link, after.join(alert.exposure)] : [alert.message, " ", link];
}

const openLink = (order, name) => el("button", { class: "link", onclick: () => openExposure(order) }, name);

function tile(title, value, unit, ...below) {
  return el("div", { class: "tile" }, el("dt", {}, title),
    el("dd", {}, el("span", { class: "value" }, value, unit && el("small", {}, `\u202f${unit}`)), below.flat().filter(Boolean).map((line) => el("span", { class: "below" }, line))));
}

function drawTiles(live) {
  const { counts, rates } = live;
  const seen = counts.accepted + counts.rejected;
  // Two or three points say nothing of how it goes.
  const spark = (kind) => rates.spark[kind].length > 3 && sparkline(120, 22, [{ kind, values: rates.spark[kind] }], `${live.called.many} ${kind} per minute over the last hour`);
  const tiles = [
    tile(`${live.called.many[0].toUpperCase()}${live.called.many.slice(1)} found`, count(counts.found), "", hourly(live, rates.found) || lastMovie(live), spark("found")),
    tile("Processed", count(counts.settled), "", hourly(live, rates.settled), spark("settled")),
    tile("Behind by", count(counts.behind), counts.behind === 1 ? live.called.one : live.called.many, forecast(live)),
    tile("Accepted", seen ? `${number((100 * counts.accepted) / seen)}` : "–", seen ? "%" : "",
      [`${count(counts.rejected)} rejected`, counts.failed > 0 && `${count(counts.failed)} failed`].filter(Boolean).join(", ")),
  ];
  if (rates.disk) tiles.push(tile("Disk free", number(rates.disk.free / 1e9), "GB", rates.disk.words));
  for (const each of live.headline) tiles.push(tile(each.title, each.text, each.unit, each.below));
  fill(find("tiles"), tiles);
}

/** A rate; of the whole time when the session has ended; nothing where there is too little to tell it from. */
const hourly = (live, rate) => rate !== null && `${live.session.finished ? "mean " : ""}${number(rate)} an hour`;

/** How long ago the last movie came; of a session that has ended, when. */
function lastMovie(live) {
  if (!live.rates.last) return "";
  return live.session.finished ? `last one at ${clock(live.rates.last)}` : `last one ${duration(Date.now() / 1000 - live.rates.last)} ago`;
}

function forecast(live) {
  const { counts, rates } = live;
  const lag = rates.latency ? `delay ${duration(rates.latency)}` : "";
  if (live.session.finished || counts.behind === 0) return [lag];
  const said = rates.forecast;
  const hours = said?.hours ? `${duration(3600 * said.hours)} of acquisition` : "";
  const able = said?.able ? `${number(said.able)} an hour possible` : "";
  return [hours, able, lag];
}

function drawWorkflow(live) {
  const holder = find("workflow-drawing");
  const plan = holder.clientWidth >= live.drawing.wide.width * 0.75 ? live.drawing.wide : live.drawing.tall;
  const steps = new Map(live.steps.map((step) => [step.name, step]));
  const drawing = svg("svg", { viewBox: `0 0 ${plan.width} ${plan.height}`, style: `max-width:${plan.width}px`, role: "img", "aria-label": "Workflow: steps and their links, with counts; the same numbers are in the table below" },
    plan.links.map((d) => svg("path", { class: "link", d })),
    plan.boxes.map((box) => stepBox(box, steps.get(box.step), live)));
  fill(holder, drawing);
  const rows = live.steps.map((step) => el("tr", {},
    el("th", { scope: "row" }, plainTitle(step), el("small", {}, ` ${step.name}`), step.set && el("small", { class: "set" }, decisionText(step.set))),
    el("td", {}, el("span", { class: `pill state-${step.state}` }, stateName(step.state))),
    ["ready", "running", "done", "rejected", "failed"].map((key) => el("td", { class: "n" }, count(step[key]))),
    el("td", { class: "n" }, step.seconds === null ? "–" : `${number(step.seconds)} s`)));
  fill(find("steps-body"), rows);
}

function stepBox(box, step, live) {
  const [width, height] = live.drawing.box;
  const total = step.done + step.rejected + step.failed + step.ready + step.held + step.running;
  const inner = width - 16;
  let at = 8;
  const part = (kind, value) => {
    const size = total ? (value / total) * inner : 0;
    const rect = size > 0 ? svg("rect", { class: `part ${kind}`, x: at, y: height - 8, width: Math.max(size, 1.5), height: 4, rx: 1 }) : null;
    at += size;
    return rect;
  };
  const notes = [step.again && `${count(step.again)} to run again`, step.running && `${count(step.running)} running`, step.ready && `${count(step.ready)} ready`, step.held && `${count(step.held)} held`,
    step.rejected && `${count(step.rejected)} rejected`, step.failed && `${count(step.failed)} failed`].filter(Boolean);
  const watching = step.kind === "monitor";
  const alerts = live.alerts.filter((alert) => alert.step === step.name && !alert.cleared).length;
  const [one, many] = watching ? ["alert", "alerts"] : { batch: ["batch", "batches"], group: ["group", "groups"] }[step.kind] || ["", ""];
  const unit = (watching ? alerts : step.done) === 1 ? one : many;
  const plain = plainTitle(step);
  const title = plain === step.title ? wrap(plain, 15) : [shorten(plain, 17), shorten(step.name, 17)];
  const note = notes.length ? notes[0] : unit ? "" : stateName(step.state).toLowerCase();
  return svg("g", { class: `step state-${step.state}`, transform: `translate(${box.x} ${box.y})` },
    svg("title", {}, `${plain} (${step.name}): ${[watching ? `${count(alerts)} ${unit}` : `${count(step.done)} done`, ...notes].join(", ")}; ${stateName(step.state).toLowerCase()}${step.reason ? `: ${step.reason}` : ""}${step.set ? `\n${decisionText(step.set)}` : ""}`),
    svg("rect", { class: "box", width, height, rx: 6 }),
    title.map((line, i) => svg("text", { class: "name", x: 8, y: (title.length > 1 ? 14 : 18) + 13 * i }, line)),
    svg("text", { class: "done", x: 8, y: 45 }, count(watching ? alerts : step.done), unit && svg("tspan", { class: "unit" }, ` ${unit}`)),
    svg("text", { class: "note", x: width - 8, y: 45, "text-anchor": "end" }, shorten(note, 12)),
    part("done", step.done), part("rejected", step.rejected), part("failed", step.failed), part("running", step.running), part("ready", step.ready + step.held));
}

/** The title without the step's name, which it has where several steps have one protocol. */
const plainTitle = (step) => step.title.replace(` (${step.name})`, "");

/** At most two lines of text. */
function wrap(text, most) {
  if (text.length <= most) return [text];
  const cut = text.lastIndexOf(" ", most);
  return cut > 0 ? [text.slice(0, cut), shorten(text.slice(cut + 1), most + 2)] : [shorten(text, most)];
}

const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function drawClasses(live) {
  const holder = find("classes-body");
  find("classes").hidden = live.classes.length === 0;
  fill(holder, live.classes.map((set) => {
    const most = Math.max(1, ...set.items.map((item) => item.count));
    return el("div", { class: "class-set" },
      el("p", { class: "quiet" }, `${set.title}: ${count(set.particles)} particles in ${set.items.length} classes${chosenText(set)}, snapshot ${set.iteration} at ${clock(set.time)}; ` +
        `box ${number(set.box * set.pixel_size)} Å. The most populated class is first; below each, its particles and its resolution (FRC 0.5).`),
      el("ol", { class: "classes" }, set.items.map((item, i) => classTile(set, item, i, most))));
  }));
}

/** How many classes the selection has chosen. */
function chosenText(set) {
  const judged = set.items.filter((item) => item.chosen !== null);
  return judged.length ? `, ${judged.filter((item) => item.chosen).length} chosen (✓)` : "";
}

function classTile(set, item, i, most) {
  const resolution = item.resolution === null ? "– Å" : `${number(item.resolution, 2)} Å`;
  const verdict = item.chosen === null ? "" : item.chosen ? ", chosen" : ", left out";
  const label = `Class ${item.number}: ${count(item.count)} particles, ${item.resolution === null ? "resolution unknown" : resolution}${verdict}`;
  const across = set.columns > 1 ? ((i % set.columns) / (set.columns - 1)) * 100 : 0;
  const down = set.rows > 1 ? (Math.floor(i / set.columns) / (set.rows - 1)) * 100 : 0;
  const style = `background-image:url("${set.pictures[0].src}");background-size:${set.columns * 100}% ${set.rows * 100}%;background-position:${across}% ${down}%`;
  const kind = item.chosen === null ? "" : item.chosen ? "chosen" : "left";
  return el("li", { title: label, class: kind }, kind && el("span", { class: "choice" }, item.chosen ? "✓" : "✕"), el("span", { class: "number" }, item.number), el("div", { class: "average", role: "img", "aria-label": label, style }),
    el("div", { class: "share" }, el("span", { style: `width:${(100 * item.count) / most}%` })),
    el("div", { class: "caption" }, el("span", {}, count(item.count)), el("span", {}, resolution)));
}

/** A picture with its facts and what else there is to see. */
function snapshotCard(set, titled, ...more) {
  return el("div", { class: "snapshot" },
    el("p", { class: "quiet" }, `${set.title}, as of ${clock(set.time)}${set.note ? `: ${set.note}` : ""}`),
    el("div", { class: "grid-3" },
      set.pictures.map((each) => el("figure", { class: "card" }, titled && el("figcaption", {}, el("span", {}, each.title)), el("img", { src: each.src, alt: each.alt }))),
      set.facts.length > 0 && el("dl", { class: "facts single" }, set.facts.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)))),
      more));
}

function drawMaps(live) {
  find("maps").hidden = live.maps.length === 0;
  const plots = [];
  fill(find("maps-body"), live.maps.map((set) => {
    const plot = el("div", { class: "plot" });
    if (set.curve) plots.push([plot, set.curve]);
    return snapshotCard(set, false, set.curve && figure("Fourier shell correlation (FSC) of the two halves", plot, [key(["measured", "FSC"], ["fitted", "0.143"], ["limit", "resolution"]), el("p", { class: "meaning below" }, "Both halves start from the same map up to 25 Å: only beyond that is their agreement evidence.")]));
  }));
  for (const [plot, curve] of plots) fill(plot, curvePlot(plot.clientWidth || 400, curve, curve.resolution, "Fourier shell correlation of the halves of the map", "FSC"));
}

function drawGains(live) {
  find("gains").hidden = live.gains.length === 0;
  fill(find("gains-body"), live.gains.map((set) => snapshotCard(set, false)));
}

/** Pictures of items that the page knows nothing else about, such as those of a plugin. */
function drawOthers(live) {
  find("others").hidden = live.others.length === 0;
  fill(find("others-body"), live.others.map((set) => snapshotCard(set, true)));
}

/** Who decided something: a person, the session itself, or whoever ran it with another workflow. */
const decider = (each) => (each.who ? `${each.who}${each.by_session ? " (by itself)" : ""}` : "whoever ran it");

const decisionText = (each) => `${decider(each)}, ${clock(each.time)}: ${each.what}${each.why ? ` (${each.why})` : ""}`;

function drawMachine(live) {
  find("machine").hidden = live.machine.length === 0;
  const holder = find("machine-body");
  const cards = live.machine.map((series) => {
    const plot = el("div", { class: "plot", hidden: series.points.length < 2 });
    const card = el("figure", { class: "card" }, el("figcaption", {}, el("span", {}, series.title), el("strong", {}, series.text)), plot, series.note && el("p", { class: "quiet" }, series.note));
    return { card, plot, series };
  });
  fill(holder, cards.map((each) => each.card));
  for (const { plot, series } of cards) if (series.points.length > 1) fill(plot, levelPlot(plot.clientWidth || 300, series));
}

function drawFacts(live) {
  find("acquisition").hidden = live.session.facts.length === 0;
  fill(find("facts"), live.session.facts.map((fact) =>
    el("div", {}, el("dt", {}, fact.label), el("dd", {}, fact.value, fact.note && el("small", {}, ` ${fact.note}`)))));
}
