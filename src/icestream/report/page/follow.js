// Reading the data files again and again, and drawing what has changed.
// The page is opened from a folder as often as from a server, so data come as scripts, not by fetch.

const state = { live: null, trends: null, kept: new Set(), columns: [], received: 0, scripts: new Map() };

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
  drawHead(live);
  drawAge(live, state.received);
  drawAlerts(live);
  drawTiles(live);
  drawWorkflow(live);
  drawClasses(live);
  drawMachine(live);
  drawFacts(live);
  drawStrip();
  drawTable();
  if (live.trends > 0 && state.trends?.version !== live.trends) load(`trends.js?v=${live.trends}`);
  else drawTrends();
  if (state.open !== undefined) { openExposure(state.open); state.open = undefined; }
}

function drawTrends() {
  const trend = state.trends;
  find("trends").hidden = !trend || trend.qualities.length === 0;
  if (!trend || trend.qualities.length === 0) return;
  const cards = trend.qualities.map((quality) => {
    const plot = el("div", { class: "plot" });
    const side = [`median `, el("strong", {}, shown(quality.median, quality), quality.unit && `\u202f${quality.unit}`)];
    return { quality, plot, card: el("figure", { class: "card" }, el("figcaption", {}, el("span", {}, quality.title), el("span", {}, side)), plot) };
  });
  fill(find("trends-body"), cards.map((each) => each.card));
  for (const { quality, plot } of cards) fill(plot, trendPlot(plot.clientWidth || 340, quality, trend, openExposure));
  find("trends-note").textContent = trend.width > 1
    ? `Each point stands for ${trend.width} exposures: line median, band from lowest to highest.`
    : "One dot per exposure, a cross where it was rejected.";
}

function listen() {
  window.icestream = {
    live: receiveLive,
    trends: (trends) => { state.trends = trends; drawTrends(); },
    exposures: (chunk) => { browser.chunks.set(chunk.number, chunk); },
    detail: receiveDetail,
  };
  for (const button of document.querySelectorAll("#filters button")) {
    button.addEventListener("click", () => { browser.filter = button.dataset.kind; browser.page = 0; drawTable(); });
  }
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
  const wanted = /^#exposure-(\d+)$/.exec(window.location.hash);
  if (wanted) state.open = Number(wanted[1]) - 1;
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
