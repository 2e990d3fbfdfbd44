// The first screen: the three answers, the newest exposure, the classes and the map, six trends.

/** Does the microscope deliver, are the data good, does the processing keep up. */
function drawVerdicts(live) {
  const why = (each) => [each.why, each.about === "Microscope" && lastMovie(live)].filter(Boolean).join(" · ");
  fill(find("verdicts"), live.verdicts.map((each) => el("div", { class: `verdict ${each.state}` },
    el("dt", {}, each.about), el("dd", {}, el("strong", {}, each.word), el("span", { class: "why", title: why(each) }, why(each))))));
}

/** The newest exposure with a picture; its details come in a file of their own. */
function findLatest(exposures) {
  const newest = exposures.find((exposure) => exposure.pictured);
  find("latest").hidden = !newest;
  if (!newest) return;
  const known = state.latest?.order === newest.order ? state.latest.detail : null;
  const before = state.latest;
  state.latest = { order: newest.order, detail: known, mark: newest.state + Object.keys(newest.values).length };
  if (known || !before) drawLatest(newest, known);
  if (before?.order !== newest.order || before.mark !== state.latest.mark) load(`pictures/${newest.order + 1}.js?v=${state.latest.mark}`, () => {});
}

const LATEST = ["ctf.resolution", "ctf.defocus", "ctf.astigmatism", "motion.total", "ctf.ice_ring", "micrograph.score", "picks.count"];

function drawLatest(exposure, detail) {
  const place = [`exposure ${exposure.order + 1}`, clock(exposure.time, true), exposure.place].filter(Boolean).join(" · ");
  fill(find("latest-head"), el("h2", {}, "Newest exposure"), el("span", { class: `pill state-${exposure.state}` }, WORDS[exposure.state]),
    el("button", { class: "link", onclick: () => openExposure(exposure.order) }, exposure.name), el("small", {}, place));
  const pictures = detail?.pictures ?? [];
  const micrograph = pictures.find((each) => each.role === "micrograph");
  const spectrum = pictures.find((each) => each.role === "spectrum");
  const main = micrograph && detail.shape ? micrographFigure(micrograph, detail) : el("figure", { class: "card wide" }, el("img", { class: "square", src: `pictures/${exposure.order + 1}.jpg`, alt: "" }));
  const numbers = LATEST.filter((name) => Number.isFinite(exposure.values[name])).map((name) => valuePair(name, exposure.values[name], state.live.qualities[name].short));
  fill(find("latest-body"), main, spectrum && spectrumFigure(spectrum, detail, exposure),
    el("div", {}, exposure.reason && el("p", { class: "reason" }, exposure.reason),
      numbers.length > 0 ? el("dl", { class: "facts single" }, numbers) : el("p", { class: "quiet" }, "not measured yet")));
}

/** The best filled classes, and the map. */
function drawGlance(live) {
  const set = live.classes.at(-1);
  const map = live.maps.at(-1);
  find("glance").hidden = !set && !map && live.expects.length === 0;
  const most = set ? Math.max(1, ...set.items.map((item) => item.count)) : 1;
  const chosen = set?.items.filter((item) => item.chosen).length;
  const judged = set?.items.some((item) => item.chosen !== null);
  fill(find("glance-classes"), el("h2", {}, "2D classes", set && el("small", {}, ` ${set.items.length}, ${judged ? `${chosen} chosen, ` : ""}${count(set.particles)} particles`)),
    set ? el("ol", { class: "classes few" }, set.items.slice(0, 8).map((item, i) => classTile(set, item, i, most))) : el("p", { class: "quiet" }, "none yet: they need some hundred particles"));
  const picture = map?.pictures[0];
  fill(find("glance-map"), el("h2", {}, "3D map", map?.resolution && el("small", {}, ` ${map.resolution}`)),
    picture ? el("a", { href: "#maps" }, el("img", { src: picture.src, alt: picture.alt })) : el("p", { class: "quiet" }, map?.note || "none yet: it needs chosen classes"));
}

/** Six trends without their histograms. */
function drawMinis(trend) {
  const cards = trend.qualities.slice(0, 6).map((each) => {
    const quality = { ...each, ...state.live.qualities[each.name], unit: each.unit };
    const plot = el("div", { class: "plot" });
    const broken = breach(quality.median, quality);
    return { quality, plot, card: el("figure", { class: "card mini" }, el("figcaption", {}, el("span", {}, quality.short),
      el("strong", { class: broken && `over ${broken}`, title: "median" }, shown(quality.median, quality), spaced(quality.unit))), plot) };
  });
  fill(find("minis"), cards.map((each) => each.card));
  for (const { quality, plot } of cards) fill(plot, trendPlot(plot.clientWidth || 200, quality, trend, openExposure, true));
}
