// The exposures: strip of the newest, table with filter and paging, panel with everything of one.

const WORDS = { p: "in progress", a: "accepted", r: "rejected", f: "failed" };
const ORDER = "parf";

const browser = { filter: "", page: 0, size: 25, chunks: new Map(), wanted: new Map(), shown: null, listed: [], hidden: new Set() };

/** One exposure as an object, from its place in the loaded chunks. */
function exposureAt(order) {
  const size = state.live.chunks.size;
  const chunk = browser.chunks.get(Math.floor(order / size) + 1);
  const i = order % size;
  if (!chunk || i >= chunk.name.length) return null;
  const values = {};
  for (const [name, column] of Object.entries(chunk.quality)) values[name] = column[i];
  return {
    order, values, name: chunk.name[i], time: chunk.time[i], state: chunk.state[i],
    reason: chunk.texts[chunk.reason[i]], place: chunk.texts[chunk.place[i]], pictured: state.kept.has(order),
  };
}

/** Load the chunks that are missing or old, then go on. */
function withChunks(numbers, then) {
  const { versions } = state.live.chunks;
  const missing = numbers.filter((n) => n >= 1 && n <= versions.length && browser.chunks.get(n)?.version !== versions[n - 1]);
  if (missing.length === 0) { then(); return; }
  let left = missing.length;
  for (const n of missing) {
    load(`exposures-${String(n).padStart(4, "0")}.js?v=${versions[n - 1]}`, () => { left -= 1; if (left === 0) then(); });
  }
}

const chunkOf = (order) => Math.floor(order / state.live.chunks.size) + 1;

/** The newest exposures with something to see; those in progress are counted in one tile. */
function drawStrip() {
  const { found, behind } = state.live.counts;
  const orders = Array.from({ length: Math.min(found, 60) }, (_, i) => found - 1 - i);
  withChunks([...new Set(orders.map(chunkOf))], () => {
    const exposures = orders.map(exposureAt).filter(Boolean);
    const pictured = exposures.filter((exposure) => exposure.pictured);
    findLatest(pictured);
    const newest = (pictured.length ? pictured : exposures.filter((exposure) => exposure.state !== "p")).slice(0, behind > 0 ? 11 : 12);
    const items = newest.map((exposure) => el("li", {},
      el("button", { class: `thumb state-${exposure.state}`, onclick: () => openExposure(exposure.order), "aria-label": `${exposure.name}, ${WORDS[exposure.state]}` },
        picture(exposure), el("span", { class: "badge" }, badge(exposure)),
        el("span", { class: "under" }, el("span", {}, `${exposure.order + 1}`), el("span", {}, brief(exposure))))));
    if (behind > 0) items.unshift(el("li", { class: "waiting" }, el("strong", {}, count(behind)), "in progress"));
    fill(find("strip"), items);
  });
}

const badge = (exposure) => ({ p: "…", a: "✓", r: "✕", f: "!" })[exposure.state];

function brief(exposure) {
  const first = ["ctf.resolution", "ctf.defocus"].find((name) => Number.isFinite(exposure.values[name]));
  if (!first) return clock(exposure.time);
  return shown(exposure.values[first], state.live.qualities[first]) + unitOf(first);
}

function picture(exposure) {
  if (!exposure.pictured) return el("span", { class: "no-picture" });
  return el("img", { src: `pictures/${exposure.order + 1}.jpg`, alt: "", loading: "lazy", width: 128, height: 128 });
}

/** Orders of the exposures on the page that is asked for, newest first, without reading more chunks than needed. */
function listPage(then) {
  const { chunks, counts } = state.live;
  const kind = browser.filter;
  const skip = browser.page * browser.size;
  const total = kind ? counts[{ a: "accepted", r: "rejected", f: "failed", p: "pending" }[kind]] : counts.found;
  let passed = 0;
  const needed = [];
  for (let n = chunks.versions.length; n >= 1; n -= 1) {
    const inside = kind ? chunks.counts[n - 1][ORDER.indexOf(kind)] : chunks.counts[n - 1].reduce((sum, each) => sum + each, 0);
    if (inside > 0 && passed + inside > skip) needed.push({ n, before: passed });
    passed += inside;
    if (passed >= skip + browser.size) break;
  }
  withChunks(needed.map((each) => each.n), () => {
    const found = [];
    let at = needed[0]?.before ?? 0;
    for (const { n } of needed) {
      const chunk = browser.chunks.get(n);
      for (let i = (chunk?.name.length ?? 0) - 1; i >= 0; i -= 1) {
        if (kind && chunk.state[i] !== kind) continue;
        if (at >= skip && found.length < browser.size) found.push((n - 1) * chunks.size + i);
        at += 1;
      }
    }
    then(found, total);
  });
}

function drawTable() {
  listPage((orders, total) => {
    browser.listed = orders;
    const columns = state.columns;
    fill(find("table-head"), orders.length > 0 && el("tr", {}, el("th", {}, el("span", { class: "unseen" }, "Picture")), el("th", { scope: "col" }, "Exposure"), el("th", { scope: "col" }, "State"),
      columns.map((name) => el("th", { scope: "col", class: "n" }, state.live.qualities[name].short, el("small", {}, unitOf(name))))));
    if (orders.length === 0) fill(find("table-body"), el("tr", {}, el("td", { class: "quiet" }, browser.filter ? `No exposure is ${WORDS[browser.filter]}.` : "No exposure yet.")));
    else fill(find("table-body"), orders.map(exposureAt).filter(Boolean).map((exposure) => row(exposure, columns)));
    const pages = Math.max(1, Math.ceil(total / browser.size));
    browser.page = Math.min(browser.page, pages - 1);
    find("page-line").textContent = total ? `${count(browser.page * browser.size + 1)} to ${count(Math.min(total, (browser.page + 1) * browser.size))} of ${count(total)}` : "none yet";
    find("newer").disabled = browser.page === 0;
    find("older").disabled = browser.page >= pages - 1;
    const { counts } = state.live;
    const totals = { "": counts.found, a: counts.accepted, r: counts.rejected, f: counts.failed, p: counts.pending };
    for (const button of document.querySelectorAll("#filters button")) {
      button.setAttribute("aria-pressed", String(button.dataset.kind === browser.filter));
      button.querySelector("small").textContent = count(totals[button.dataset.kind]);
    }
  });
}

const unitOf = (name) => spaced(state.live.qualities[name].unit);

function row(exposure, columns) {
  return el("tr", { class: `state-${exposure.state}`, onclick: () => openExposure(exposure.order) },
    el("td", { class: "pic" }, el("span", { class: "thumb small" }, picture(exposure))),
    el("td", { class: "who" }, el("button", { class: "link", onclick: (event) => { event.stopPropagation(); openExposure(exposure.order); } }, exposure.name),
      el("small", {}, `${exposure.order + 1} · ${clock(exposure.time, true)}`, exposure.place && el("span", { class: "place" }, ` · ${exposure.place}`))),
    el("td", { class: "what" }, el("span", { class: `pill state-${exposure.state}` }, WORDS[exposure.state]), exposure.reason && el("small", { title: exposure.reason }, exposure.reason)),
    columns.map((name) => valueCell(name, exposure.values[name])));
}

function valueCell(name, value) {
  const quality = state.live.qualities[name];
  if (!Number.isFinite(value)) return el("td", { class: "n none", title: "not measured" }, "–");
  const broken = breach(value, quality);
  return el("td", { class: broken ? `n over ${broken}` : "n", title: broken && quality.limits.words, "data-label": quality.short, "data-unit": unitOf(name) }, shown(value, quality));
}

/** A title and a value, marked where it breaks a limit. */
function valuePair(name, value, title) {
  const quality = state.live.qualities[name];
  const broken = breach(value, quality);
  return el("div", {}, el("dt", {}, title ?? quality.title),
    el("dd", { class: broken && `over ${broken}`, title: broken && quality.limits.words }, shown(value, quality), unitOf(name), broken && !title && el("small", {}, ` ${quality.limits.words}`)));
}

function openExposure(order) {
  if (order === null || order < 0 || order >= state.live.counts.found) return;
  browser.shown = order;
  withChunks([chunkOf(order)], () => {
    const exposure = exposureAt(order);
    if (!exposure || browser.shown !== order) return;
    drawPanel(exposure, null);
    const panel = find("panel");
    if (!panel.open) panel.showModal();
    if (exposure.pictured) load(`pictures/${order + 1}.js?v=${exposure.state}${Object.keys(exposure.values).length}`, () => {});
  });
}

/** Called by the file of one exposure's details. */
function receiveDetail(detail) {
  const exposure = exposureAt(detail.order);
  if (exposure && state.latest?.order === detail.order) { state.latest.detail = detail; drawLatest(exposure, detail); }
  if (exposure && browser.shown === detail.order) drawPanel(exposure, detail);
}

/** The next exposure of the list that the filter lets through; `way` is 1 for older. */
function step(way) {
  const at = browser.listed.indexOf(browser.shown);
  const next = at >= 0 ? browser.listed[at + way] : undefined;
  openExposure(next ?? browser.shown - way);
}

function drawPanel(exposure, detail) {
  find("panel-title").textContent = exposure.name;
  find("panel-line").textContent = [`exposure ${exposure.order + 1}`, clock(exposure.time, true), exposure.place].filter(Boolean).join(" · ");
  fill(find("panel-state"), el("span", { class: `pill state-${exposure.state}` }, WORDS[exposure.state]), exposure.reason && el("span", { class: "reason" }, exposure.reason));
  fill(find("panel-decisions"), (detail?.decisions ?? []).map((each) => el("li", {},
    `${each.accepted ? "Accepted" : "Rejected"} by ${each.who}, ${clock(each.time)}${each.why ? `: ${each.why}` : ""} (${each.step})`)));
  // What a fact says together with its error is not said again without.
  const told = new Set((detail?.facts ?? []).map(([title]) => title));
  const numbers = state.live.order.filter((name) => Number.isFinite(exposure.values[name]) && !told.has(state.live.qualities[name].title) && !(name === "ctf.phase_shift" && exposure.values[name] === 0));
  fill(find("panel-numbers"), numbers.map((name) => valuePair(name, exposure.values[name])),
    (detail?.facts ?? []).map(([title, value]) => el("div", { class: value.length > 40 && "long" }, el("dt", {}, title), el("dd", {}, value))));
  const pictures = find("panel-pictures");
  if (!detail) {
    fill(pictures, el("p", { class: "quiet" }, exposure.pictured ? "Loading …" : "Pictures of this exposure are no longer in the report, which keeps those of the newest and of some older ones; they are in the session's folder."));
    return;
  }
  const found = detail.pictures ?? [];
  const micrograph = found.find((each) => each.role === "micrograph");
  const spectrum = found.find((each) => each.role === "spectrum");
  const others = found.filter((each) => each !== micrograph && each !== spectrum);
  const pair = el("div", { class: "pair" }, spectrum && spectrumFigure(spectrum, detail, exposure));
  const left = el("div", {}, micrograph && micrographFigure(micrograph, detail));
  const right = el("div", {}, pair);
  fill(pictures, left, right, detail.unread?.length ? el("p", { class: "quiet" }, `Not read: ${detail.unread.join("; ")}`) : null);
  const legend = key(["measured", "measured"], ["fitted", "fitted"], ["limit", "fit ends"]);
  if (detail.curve) right.append(figure("CTF fit", curvePlot(right.clientWidth - 26, detail.curve, exposure.values["ctf.resolution"]), legend));
  const columns = micrograph ? [right, left] : [left, right];
  others.forEach((each, i) => columns[i % 2].append(figure(each.title, image(each))));
  if (detail.track?.length > 1) pair.append(figure("Motion", trackPlot(Math.max(140, pair.clientWidth / 2 - 32), detail.track), key(["limit ring", "first frame"])));
}

const image = (each) => el("img", { class: "square", src: each.src, alt: each.alt });

const figure = (title, body, below) => el("figure", { class: "card" }, el("figcaption", {}, el("span", {}, title)), body, below);

const key = (...entries) => el("div", { class: "key" }, entries.map(([kind, text]) => el("span", { class: `entry ${kind}` }, text)));

function spectrumFigure(spectrum, detail, exposure) {
  const rim = exposure.values["ctf.resolution"];
  // A fit that ends where the curve begins found no rings.
  const rings = Number.isFinite(rim) && !(detail.curve && 1 / rim < detail.curve.s[0] * 1.02);
  const note = el("p", { class: "meaning below" }, rings ? `right half: the fit, out to ${shown(rim, state.live.qualities["ctf.resolution"])}\u202fÅ` : "no Thon rings found: no fit is drawn");
  return figure(spectrum.title, image(spectrum), note);
}

function micrographFigure(micrograph, detail) {
  const [high, wide] = detail.shape;
  const sets = Object.entries(detail.picks ?? {});
  // While nobody knows the diameter, circles mark the centres alone. Those of several steps with
  // one radius are drawn around each other: none hides another.
  const apart = wide * 0.007;
  const radii = [];
  const drawn = new Map(sets.map(([name, set], i) => {
    let radius = set.known ? set.diameter / detail.pixel_size / 2 : wide * 0.012;
    while (radii.some((other) => Math.abs(other - radius) < apart * 0.99)) radius += apart;
    radii.push(radius);
    return [name, svg("g", { class: `set-${i % SET_COLOURS}`, visibility: browser.hidden.has(name) ? "hidden" : "visible" },
      set.x.map((x, n) => svg("circle", { cx: x, cy: set.y[n], r: radius })))];
  }));
  const circles = svg("g", { class: "picks" }, [...drawn.values()]);
  const bar = ticks(0, wide * detail.pixel_size * 0.3, 3).at(-1);
  const scaleBar = [svg("rect", { class: "scale", x: wide * 0.04, y: high * 0.95, width: bar / detail.pixel_size, height: high * 0.008 }),
    svg("text", { class: "scale", x: wide * 0.04, y: high * 0.935, "font-size": wide * 0.034 }, bar >= 100 ? `${short(bar / 10)} nm` : `${short(bar)} Å`)];
  const drawing = svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": `Micrograph with ${sets.map(([name, set]) => `${set.x.length} picks of ${name}`).join(", ") || "no picks"}` },
    svg("image", { href: micrograph.src, width: wide, height: high, preserveAspectRatio: "none" }), circles, scaleBar);
  const legend = sets.length > 0 && el("div", { class: "key picks-key" }, sets.map(([name, set], i) => el("label", { class: `entry set-${i % SET_COLOURS}` },
    el("input", {
      type: "checkbox", checked: !browser.hidden.has(name),
      onchange: (event) => {
        if (event.target.checked) browser.hidden.delete(name); else browser.hidden.add(name);
        drawn.get(name).setAttribute("visibility", event.target.checked ? "visible" : "hidden");
      },
    }), svg("svg", { class: "swatch", viewBox: "0 0 14 14", "aria-hidden": "true" }, svg("circle", { cx: 7, cy: 7, r: 5 })),
    el("span", {}, `${name}: ${count(set.x.length)} picks, ${circleText(set)}`))));
  return el("figure", { class: "card wide" }, el("figcaption", {}, el("span", {}, micrograph.title)), drawing, legend);
}

const SET_COLOURS = 6;

/** What the size of the circles means. */
const circleText = (set) => (set.known ? `diameter ${short(set.diameter)}\u202fÅ` : "diameter not known yet: small circles mark the centres");
