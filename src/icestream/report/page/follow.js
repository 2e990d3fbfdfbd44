// Reading the data files again and again, and drawing what has changed.
// The page is opened from a folder as often as from a server, so data come as scripts, not by fetch.

const RECENT = 250;

const state = { live: null, trends: null, steps: null, where: null, agreement: null, timeline: null, log: null, recent: false, kept: new Set(), columns: [], received: 0, moved: false, scripts: new Map() };

/** Load a data file by a script element; the file calls one of the functions in `icestream`. */
function load(address, done) {
  const name = address.split("?")[0];
  state.scripts.get(name)?.remove();
  const script = el("script", { src: address, onload: () => done?.(true), onerror: () => done?.(false) });
  state.scripts.set(name, script);
  document.head.append(script);
}

function receiveLive(live) {
  const before = state.live;
  if (before && before.written === live.written) return;
  if (before && before.page !== live.page) { window.location.reload(); return; }
  if (before) state.received = Date.now() / 1000;
  state.live = live;
  state.kept = new Set(live.kept);
  state.columns = live.columns;
  draw();
}

function draw() {
  const live = state.live;
  find("empty").hidden = live.counts.found > 0;
  find("empty").textContent = live.session.finished ? `No ${live.called.one} was found.` : `No ${live.called.one} has been found yet. This page fills by itself as soon as the first one arrives.`;
  find("first").hidden = live.counts.found === 0;
  find("newest").hidden = live.counts.found === 0;
  find("exposures").hidden = live.counts.found === 0;
  drawHead(live);
  drawAge(live, state.received);
  drawAgain(live);
  drawAlerts(live);
  drawVerdicts(live);
  drawTiles(live);
  drawGlance(live);
  drawWorkflow(live);
  drawClasses(live);
  drawMaps(live);
  drawMachine(live);
  drawGains(live);
  drawOthers(live);
  drawFacts(live);
  drawStrip();
  drawTable();
  listParts();
  // What is drawn from a file of its own is drawn again when there is another, or the page has another width.
  const files = { trends: drawTrends, steps: drawSteps, where: drawPlaces, agreement: drawAgreement, timeline: drawTimeline, log: drawLog };
  for (const [name, draws] of Object.entries(files)) {
    if (live.files[name] > 0 && state[name]?.version !== live.files[name]) load(`${name}.js?v=${live.files[name]}`);
    else if (name !== "steps") draws();
  }
  if (state.open !== undefined) { openExposure(state.open); state.open = undefined; }
}

/** Draw the trends of the whole session, or of its last exposures. */
function drawTrends() {
  const trend = state.trends;
  find("trends").hidden = !trend || trend.qualities.length === 0;
  listParts();
  if (!trend || trend.qualities.length === 0) return;
  trend.span = timeSpan(trend);
  drawMinis(trend);
  const many = state.live.counts.found > RECENT;
  find("spans").hidden = !many;
  if (!many || !state.recent) { showTrend(trend); return; }
  const last = chunkOf(state.live.counts.found - 1);
  withChunks([last - 1, last], () => showTrend(recentTrend(trend)));
}

function showTrend(trend) {
  trend.span = timeSpan(trend);
  const cards = trend.qualities.map((each) => {
    const quality = { ...each, ...state.live.qualities[each.name], unit: each.unit };
    const plot = el("div", { class: "plot" });
    const side = ["median ", el("strong", {}, shown(quality.median, quality), spaced(quality.unit))];
    return { quality, plot, card: el("figure", { class: "card" }, el("figcaption", {}, el("span", {}, quality.title), el("span", {}, side)),
      el("p", { class: "meaning" }, [quality.meaning, quality.limits.words, controlText(quality)].filter(Boolean).join(" · ")), plot) };
  });
  const drawPlots = (some) => {
    for (const { quality, plot } of some) fill(plot, trendPlot(plot.clientWidth || 340, quality, trend, openExposure));
  };
  // A phone shows the first few, and the others when asked for.
  const few = window.innerWidth <= 720 ? 4 : cards.length;
  const [shownFirst, folded] = [cards.slice(0, few), cards.slice(few)];
  fill(find("trends-body"), shownFirst.map((each) => each.card));
  fill(find("trends-folded"), folded.map((each) => each.card));
  drawPlots(shownFirst);
  const more = find("trends-more");
  more.hidden = folded.length === 0;
  more.ontoggle = () => { if (more.open) drawPlots(folded); };
  if (more.open) drawPlots(folded);
  find("trends-more-title").textContent = `${folded.length} more: ${folded.map((each) => each.quality.short).join(", ")}`;
  find("trends-note").textContent = trend.width > 1
    ? `Each point stands for ${trend.width} exposures: line median, band from lowest to highest.`
    : "One dot per exposure, a cross where it was rejected; a triangle at the rim stands for a value beyond the axis.";
  for (const button of document.querySelectorAll("#spans button")) {
    button.setAttribute("aria-pressed", String((button.dataset.span === "recent") === state.recent));
  }
  goToPart();
}

/** The last exposures one by one, from the same files as the table; axes as for the whole session. */
function recentTrend(trend) {
  const total = state.live.counts.found;
  const exposures = Array.from({ length: Math.min(RECENT, total) }, (_, i) => exposureAt(total - Math.min(RECENT, total) + i)).filter(Boolean);
  const qualities = trend.qualities.map((quality) => {
    const mid = exposures.map((exposure) => exposure.values[quality.name] ?? null);
    const { low, step } = quality.histogram;
    const kept = quality.histogram.kept.map(() => 0);
    const rejected = [...kept];
    mid.forEach((value, i) => {
      if (value === null) return;
      const place = Math.min(kept.length - 1, Math.max(0, Math.floor((value - low) / step)));
      (exposures[i].state === "r" ? rejected : kept)[place] += 1;
    });
    const sorted = mid.filter((value) => value !== null).sort((a, b) => a - b);
    const median = sorted.length ? (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2 : null;
    const beyond = [sorted.filter((value) => value < quality.range.low).length, sorted.filter((value) => value > quality.range.high).length];
    return { ...quality, mid, median, beyond, count: sorted.length, histogram: { low, step, kept, rejected } };
  });
  return {
    width: 1, first: exposures.map((each) => each.order), time: exposures.map((each) => each.time),
    rejected: exposures.map((each) => Number(each.state === "r")), qualities: qualities.filter((quality) => quality.count > 0),
  };
}

/** The menu lists the parts that are there. */
function listParts() {
  for (const link of document.querySelectorAll("nav a")) link.hidden = find(link.hash.slice(1)).hidden;
}

/** An address such as #workflow: stay there while the parts above it are being filled. */
function goToPart() {
  const part = window.location.hash.length > 1 && find(window.location.hash.slice(1));
  if (part && !state.moved && performance.now() < 8000) part.scrollIntoView({ behavior: "instant" });
}

function drawPlaces() {
  drawWhere();
  drawGroups();
}

function listen() {
  for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"]) window.addEventListener(kind, () => { state.moved = true; }, { passive: true });
  window.icestream = {
    live: receiveLive,
    trends: (trends) => { state.trends = trends; drawTrends(); drawTimeline(); drawAgreement(); },
    where: (where) => { state.where = where; drawPlaces(); },
    agreement: (agreement) => { state.agreement = agreement; drawAgreement(); },
    timeline: (timeline) => { state.timeline = timeline; drawTimeline(); },
    log: (entries) => { state.log = entries; drawLog(); },
    steps: (steps) => { state.steps = steps; drawSteps(); },
    exposures: (chunk) => { browser.chunks.set(chunk.number, chunk); },
    detail: receiveDetail,
  };
  for (const button of document.querySelectorAll("#filters button")) {
    button.addEventListener("click", () => { browser.filter = button.dataset.kind; browser.page = 0; drawTable(); });
  }
  for (const button of document.querySelectorAll("#spans button")) {
    button.addEventListener("click", () => { state.recent = button.dataset.span === "recent"; drawTrends(); });
  }
  listenToMap();
  find("log-words").addEventListener("input", (event) => { log.words = event.target.value.trim().toLowerCase(); log.most = 40; drawLog(); });
  find("log-more").addEventListener("click", () => { log.most += 200; drawLog(); });
  find("newer").addEventListener("click", () => { browser.page = Math.max(0, browser.page - 1); drawTable(); });
  find("older").addEventListener("click", () => { browser.page += 1; drawTable(); });
  find("panel-close").addEventListener("click", () => find("panel").close());
  find("panel-newer").addEventListener("click", () => step(-1));
  find("panel-older").addEventListener("click", () => step(1));
  find("panel").addEventListener("close", () => { browser.shown = null; });
  find("panel").addEventListener("click", (event) => { if (event.target === find("panel")) find("panel").close(); });
  find("panel").addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight" || event.key === "ArrowDown") { step(1); event.preventDefault(); }
    if (event.key === "ArrowLeft" || event.key === "ArrowUp") { step(-1); event.preventDefault(); }
  });
  let timer;
  window.addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(() => state.live && draw(), 150); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });
  readAddress();
  window.addEventListener("hashchange", () => { readAddress(); if (state.live) draw(); });
}

/** Addresses that people can send to each other: #exposure-12, #show-rejected, #recent. */
function readAddress() {
  const place = window.location.hash;
  const wanted = /^#exposure-(\d+)$/.exec(place);
  if (wanted) state.open = Number(wanted[1]) - 1;
  const kind = Object.keys(WORDS).find((each) => place === `#show-${WORDS[each].replace(" ", "-")}`);
  if (kind) { browser.filter = kind; browser.page = 0; }
  if (place === "#recent") state.recent = true;
}

function again() {
  load(`live.js?t=${Date.now()}`, () => { if (state.live) drawAge(state.live, state.received); });
}

listen();
again();
let ticking = 0;
setInterval(() => {
  ticking += 1;
  if (!document.hidden && (!state.live?.session.finished || ticking % 12 === 0)) again();
}, 5000);
setInterval(() => { if (state.live) drawAge(state.live, state.received); }, 1000);
