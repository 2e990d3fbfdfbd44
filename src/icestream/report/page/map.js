// The map of squares and holes from the stage positions, coloured by any quality; and exposure groups.

const VIRIDIS = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
const GROUPS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7bd1", "#7f8c2b", "#a65628", "#5f7480"];

const map = { quality: null, square: null, seen: false, points: [], key: "", drawn: [] };

/** A colour of the scale, from 0 to 1. */
function viridis(part) {
  const at = Math.min(1, Math.max(0, part)) * (VIRIDIS.length - 1);
  const low = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const channel = (text, i) => parseInt(text.slice(1 + 2 * i, 3 + 2 * i), 16);
  const mixed = [0, 1, 2].map((i) => Math.round(channel(VIRIDIS[low], i) + (at - low) * (channel(VIRIDIS[low + 1], i) - channel(VIRIDIS[low], i))));
  return `rgb(${mixed.join(",")})`;
}

const tokenColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Where each exposure lies, from the files of exposures: x and y in µm, its square, its values. */
function mapPoints(where) {
  const versions = state.live.chunks.versions.join();
  if (map.key === `${where.version} ${versions}`) return map.points;
  const { size } = state.live.chunks;
  const scale = where.shift_scale ?? 0;
  map.points = [...browser.chunks.values()].flatMap((chunk) => chunk.name.map((_, i) => {
    const x = chunk.stage?.[0][i] ?? null;
    const y = chunk.stage?.[1][i] ?? null;
    return {
      order: (chunk.number - 1) * size + i, chunk, i, square: chunk.texts[chunk.square[i]], state: chunk.state[i],
      x: x === null ? null : x + scale * (chunk.shift?.[0][i] ?? 0), y: y === null ? null : y + scale * (chunk.shift?.[1][i] ?? 0),
    };
  }));
  map.key = `${where.version} ${versions}`;
  return map.points;
}

const valueAt = (point, name) => point.chunk.quality[name]?.[point.i] ?? null;

function drawWhere() {
  const { where } = state;
  find("where").hidden = !where || state.live.counts.found === 0;
  listParts();
  // All exposures are read for it: only when somebody comes near.
  if (find("where").hidden || !(map.seen || isNear(find("where")))) return;
  map.seen = true;
  withChunks(state.live.chunks.versions.map((_, i) => i + 1), () => showWhere(where));
}

function showWhere(where) {
  const points = mapPoints(where);
  const placed = points.filter((point) => point.x !== null);
  const named = where.squares.length;
  find("where-note").textContent = whereNote(where, points.length, placed.length, named);
  const qualities = state.live.order.filter((name) => where.ranges[name]);
  if (!qualities.includes(map.quality)) map.quality = qualities[0] ?? null;
  if (map.square !== null && !where.squares.some((each) => each.name === map.square)) map.square = null;
  const choice = find("where-quality");
  fill(choice, qualities.map((name) => el("option", { value: name, selected: name === map.quality }, state.live.qualities[name].title)));
  find("where-choice").hidden = qualities.length === 0;
  const back = find("where-back");
  back.hidden = map.square === null || named < 2;
  find("where-square").textContent = map.square === null ? "" : `square ${map.square}`;
  find("where-map").hidden = placed.length === 0;
  if (placed.length > 0) drawMap(where, placed);
  drawScale(where, placed);
  drawSquares(where);
  goToPart();
}

/** What the map is made from, and what is missing. */
function whereNote(where, total, placed, named) {
  const shifts = where.shift_scale ? " Holes that are reached by beam shift lie where the shift puts them around their stage position; its scale is estimated from neighbouring positions, and its direction may be turned." : "";
  if (placed > 0) {
    const part = placed < total ? `${count(placed)} of ${count(total)} exposures have a stage position.` : "";
    return `${part}${shifts} ${map.square === null && named > 1 ? "Press a square to see its holes." : "Press a dot to open its exposure."}`.trim();
  }
  return named ? "The metadata tell no stage positions; the squares are listed by their names." : "The metadata tell neither stage positions nor grid squares: there is no map.";
}

/** The canvas: squares in their median colour, or the holes of one square. */
function drawMap(where, placed) {
  const canvas = find("where-map");
  const width = canvas.parentElement.clientWidth || 600;
  const height = Math.round(Math.min(width * 0.72, 520));
  const density = window.devicePixelRatio || 1;
  canvas.width = width * density;
  canvas.height = height * density;
  canvas.style.height = `${height}px`;
  const draw = canvas.getContext("2d");
  draw.scale(density, density);
  draw.clearRect(0, 0, width, height);
  const atlas = isAtlas(where);
  const shown = map.square === null ? placed : placed.filter((point) => point.square === map.square);
  if (shown.length === 0) { map.drawn = []; return; }
  const view = fit(shown, width, height);
  map.drawn = atlas ? drawAtlas(draw, where, shown, view) : drawHoles(draw, where, shown, view);
  drawBar(draw, view, height);
  canvas.setAttribute("aria-label", atlas ? `Map of ${where.squares.length} squares` : `Map of ${shown.length} exposures`);
}

/** From µm on the stage to pixels: y is up, both axes alike. */
function fit(points, width, height) {
  const ends = (key) => points.reduce(([low, high], point) => [Math.min(low, point[key]), Math.max(high, point[key])], [Infinity, -Infinity]);
  const [left, right] = ends("x");
  const [bottom, top] = ends("y");
  const [room, foot] = [34, 26];
  const factor = Math.min((width - 2 * room) / Math.max(right - left, 1), (height - 2 * room - foot) / Math.max(top - bottom, 1));
  return {
    factor,
    x: (value) => width / 2 + (value - (left + right) / 2) * factor,
    y: (value) => (height - foot) / 2 - (value - (top + bottom) / 2) * factor,
  };
}

const isAtlas = (where) => map.square === null && where.squares.length > 1;

/** Values at the ends of the colours: of the squares' medians, or of most exposures. */
function colorEnds(where) {
  const medians = where.squares.map((square) => square.medians[map.quality]).filter(Number.isFinite);
  if (isAtlas(where) && medians.length > 1) return [Math.min(...medians), Math.max(...medians)];
  return where.ranges[map.quality] ?? [0, 1];
}

function colorOf([low, high], value) {
  return value === null || value === undefined ? null : viridis((value - low) / (high - low || 1));
}

function drawAtlas(draw, where, points, view) {
  const range = colorEnds(where);
  const boxes = new Map();
  for (const point of points) {
    const box = boxes.get(point.square) ?? { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    box.left = Math.min(box.left, view.x(point.x)); box.right = Math.max(box.right, view.x(point.x));
    box.top = Math.min(box.top, view.y(point.y)); box.bottom = Math.max(box.bottom, view.y(point.y));
    boxes.set(point.square, box);
  }
  draw.font = "11px system-ui, sans-serif";
  draw.textAlign = "center";
  return where.squares.filter((square) => boxes.has(square.name)).map((square) => {
    const box = boxes.get(square.name);
    const grown = Math.max(0, (24 - Math.min(box.right - box.left, box.bottom - box.top)) / 2) + 3;
    const [x, y, wide, high] = [box.left - grown, box.top - grown, box.right - box.left + 2 * grown, box.bottom - box.top + 2 * grown];
    const color = colorOf(range, square.medians[map.quality]);
    draw.fillStyle = color ?? tokenColor("--grid");
    draw.strokeStyle = tokenColor("--quiet");
    draw.lineWidth = 1;
    draw.fillRect(x, y, wide, high);
    draw.strokeRect(x, y, wide, high);
    if (wide > 30) {
      draw.fillStyle = tokenColor("--ink");
      draw.fillText(`…${square.name.slice(-4)}`, x + wide / 2, y + high + 12);
    }
    return { square, x: x + wide / 2, y: y + high / 2, half: [wide / 2, high / 2] };
  });
}

function drawHoles(draw, where, points, view) {
  const nearestGap = 1.1 * view.factor;
  const radius = Math.max(2, Math.min(7, nearestGap * 0.42));
  const range = colorEnds(where);
  const ring = { r: tokenColor("--orange"), f: tokenColor("--purple") };
  const quiet = tokenColor("--quiet");
  return points.map((point) => {
    const [x, y, value] = [view.x(point.x), view.y(point.y), valueAt(point, map.quality)];
    draw.beginPath();
    if (value !== null && value > range[1]) triangle(draw, x, y, radius + 1.5, 1);
    else if (value !== null && value < range[0]) triangle(draw, x, y, radius + 1.5, -1);
    else draw.arc(x, y, radius, 0, 2 * Math.PI);
    const color = colorOf(range, value);
    if (color) { draw.fillStyle = color; draw.fill(); }
    if (!color || ring[point.state]) {
      draw.strokeStyle = ring[point.state] ?? quiet;
      draw.lineWidth = ring[point.state] ? 2 : 1;
      draw.stroke();
    }
    return { point, value, x, y };
  });
}

function triangle(draw, x, y, size, up) {
  draw.moveTo(x - size, y + up * size * 0.8);
  draw.lineTo(x + size, y + up * size * 0.8);
  draw.lineTo(x, y - up * size);
  draw.closePath();
}

/** How long a few µm are, and where x and y go. */
function drawBar(draw, view, height) {
  const length = ticks(0, 150 / view.factor, 3).filter((each) => each > 0).at(-1) ?? 1;
  draw.fillStyle = tokenColor("--ink");
  draw.fillRect(12, height - 12, length * view.factor, 3);
  draw.font = "11px system-ui, sans-serif";
  draw.textAlign = "left";
  draw.fillText(`${short(length)} µm   stage x →, y ↑`, 12, height - 18);
}

/** The colours with their values, and how many exposures lie beyond them. */
function drawScale(where, placed) {
  const legend = find("where-scale");
  legend.hidden = map.quality === null || placed.length === 0;
  if (legend.hidden) return;
  const range = colorEnds(where);
  const quality = state.live.qualities[map.quality];
  const dots = placed.filter((point) => map.square === null || point.square === map.square);
  const values = dots.map((point) => valueAt(point, map.quality)).filter((value) => value !== null);
  const above = values.filter((value) => value > range[1]).length;
  const below = values.filter((value) => value < range[0]).length;
  const none = dots.length - values.length;
  fill(legend, el("span", { class: "end" }, shown(range[0], quality)), el("span", { class: "ramp", style: `background:linear-gradient(90deg,${VIRIDIS.join(",")})` }),
    el("span", { class: "end" }, `${shown(range[1], quality)}${spaced(quality.unit)}`),
    isAtlas(where) ? el("span", {}, "median of each square") : [el("span", {}, [above && `▲ ${count(above)} above`, below && `▼ ${count(below)} below`, none && `○ ${count(none)} not measured`].filter(Boolean).join(", ")),
      el("span", { class: "ringed rejected" }, "rejected"), el("span", { class: "ringed failed" }, "failed")]);
}

/** All squares as a table: what the map shows, for reading. */
function drawSquares(where) {
  const body = find("where-squares");
  body.closest("details").hidden = where.squares.length === 0;
  find("where-squares-title").textContent = `${count(where.squares.length)} ${where.squares.length === 1 ? "square" : "squares"} as a table`;
  const quality = map.quality && state.live.qualities[map.quality];
  find("where-median").textContent = quality ? `${quality.short}, median${quality.unit ? ` / ${quality.unit}` : ""}` : "";
  fill(body, where.squares.map((square) => {
    const judged = square.accepted + square.rejected;
    const value = square.medians[map.quality];
    return el("tr", {}, el("td", {}, el("button", { class: "link", onclick: () => { map.square = square.name; drawWhere(); find("where").scrollIntoView(); } }, square.name)),
      el("td", { class: "n" }, count(square.count)), el("td", { class: "n" }, judged ? `${number((100 * square.accepted) / judged)}\u202f%` : "–"),
      el("td", { class: "n" }, count(square.failed)), el("td", { class: "n" }, value === undefined ? "–" : shown(value, quality)));
  }));
}

/** What lies under the pointer: a square or an exposure. */
function mapHit(event) {
  const reach = event.pointerType === "touch" ? 22 : 11;
  const inside = map.drawn.find((each) => each.square && Math.abs(each.x - event.offsetX) <= each.half[0] + 2 && Math.abs(each.y - event.offsetY) <= each.half[1] + 2);
  if (inside) return inside;
  let best = null;
  let least = reach;
  for (const each of map.drawn) {
    const away = Math.hypot(each.x - event.offsetX, each.y - event.offsetY);
    if (!each.square && away < least) { least = away; best = each; }
  }
  return best;
}

function mapTip(event) {
  const hit = mapHit(event);
  event.currentTarget.style.cursor = hit ? "pointer" : "";
  if (!hit) { hideTip(); return; }
  const quality = map.quality && state.live.qualities[map.quality];
  const told = (value) => quality && Number.isFinite(value) && `${quality.short} ${shown(value, quality)}${spaced(quality.unit)}`;
  if (hit.square) {
    const { name, count: many, rejected, failed, medians } = hit.square;
    showTip(event, [`square ${name}`, `${count(many)} exposures${rejected ? `, ${count(rejected)} rejected` : ""}${failed ? `, ${count(failed)} failed` : ""}`, told(medians[map.quality]) && `median ${told(medians[map.quality])}`].filter(Boolean));
    return;
  }
  const exposure = exposureAt(hit.point.order);
  showTip(event, [exposure.name, `exposure ${exposure.order + 1}${exposure.place ? `, ${exposure.place}` : ""}`, told(hit.value) || "not measured", WORDS[exposure.state]]);
}

function listenToMap() {
  const canvas = find("where-map");
  canvas.addEventListener("pointermove", mapTip);
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => {
    const hit = mapHit(event);
    hideTip();
    if (hit?.square) { map.square = hit.square.name; drawWhere(); } else if (hit) openExposure(hit.point.order);
  });
  find("where-quality").addEventListener("change", (event) => { map.quality = event.target.value; drawWhere(); drawGroups(); });
  find("where-back").addEventListener("click", () => { map.square = null; drawWhere(); });
  window.addEventListener("scroll", () => { if (!map.seen && state.where && isNear(find("where"))) drawWhere(); }, { passive: true });
}

/** Whether a part is on the screen, or will be soon. */
function isNear(part) {
  const { top, bottom } = part.getBoundingClientRect();
  return top < window.innerHeight + 600 && bottom > -600;
}

// -- exposure groups ----------------------------------------------------------

const groupColor = (group) => GROUPS[(Number(group) - 1 + 10 * GROUPS.length) % GROUPS.length];

function drawGroups() {
  const { where } = state;
  const groups = where?.groups ?? [];
  find("groups").hidden = groups.length < 2 && !(where?.shifts.order.length > 0);
  listParts();
  if (find("groups").hidden) return;
  const name = map.quality ?? state.live.order[0];
  const plots = [el("div", { class: "plot" }), el("div", { class: "plot" })];
  const quality = state.live.qualities[name];
  const spread = where.shifts.order.length > 0;
  fill(find("groups-body"),
    spread && figure("Beam shifts, by exposure group", plots[0], el("p", { class: "meaning below" }, "In the microscope's own units; exposures of one group share their optics.")),
    quality && figure(`${quality.title}: median of each group`, plots[1], el("p", { class: "meaning below" }, "The size of a dot says how many exposures its group has.")));
  if (spread) fill(plots[0], shiftPlot(plots[0].clientWidth || 340, where.shifts));
  if (quality) fill(plots[1], groupPlot(plots[1].clientWidth || 340, groups, name, quality));
  find("groups-note").textContent = `${count(groups.length)} ${groups.length === 1 ? "group" : "groups"}: ${groups.slice(0, 12).map((group) => `${group.name} (${count(group.count)})`).join(", ")}${groups.length > 12 ? " …" : ""}. The quality is that of the map.`;
}

function shiftPlot(width, shifts) {
  const height = 250;
  const frame = { left: 52, right: width - 10, top: 20, bottom: height - 34 };
  const [left, right] = around(shifts.x);
  const [bottom, top] = around(shifts.y);
  const x = scale(left, right, frame.left, frame.right);
  const y = scale(bottom, top, frame.bottom, frame.top);
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Beam shifts of ${count(shifts.order.length)} exposures` },
    yAxis(frame, bottom, top, y).flat(), xAxis(frame, left, right, x, "beam shift x"), axisTitle(frame, "beam shift y"),
    shifts.order.map((order, i) => svg("circle", {
      cx: x(shifts.x[i]).toFixed(1), cy: y(shifts.y[i]).toFixed(1), r: 2.6, fill: groupColor(shifts.group[i]), "fill-opacity": 0.75, class: "press",
      onpointermove: (event) => showTip(event, [`group ${shifts.group[i]}`, `exposure ${order + 1}`]), onpointerleave: hideTip, onclick: () => { hideTip(); openExposure(order); },
    })));
}

function groupPlot(width, groups, name, quality) {
  const known = groups.filter((group) => group.medians[name] !== undefined);
  if (known.length === 0) return el("p", { class: "quiet" }, "not measured yet");
  const height = 250;
  const frame = { left: 52, right: width - 10, top: 20, bottom: height - 34 };
  const [bottom, top] = around(known.map((group) => group.medians[name]));
  const most = Math.max(...known.map((group) => group.count));
  const x = scale(0.5, known.length + 0.5, frame.left, frame.right);
  const y = scale(bottom, top, frame.bottom, frame.top);
  const every = Math.ceil(known.length / ((frame.right - frame.left) / 26));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${quality.title} of ${known.length} exposure groups` },
    yAxis(frame, bottom, top, y).flat(), axisTitle(frame, quality.unit || quality.short),
    svg("text", { class: "tick", x: (frame.left + frame.right) / 2, y: height - 4, "text-anchor": "middle" }, "exposure group"),
    known.map((group, i) => [
      i % every === 0 && svg("text", { class: "tick", x: x(i + 1), y: frame.bottom + 15, "text-anchor": "middle" }, group.name),
      svg("circle", {
        cx: x(i + 1).toFixed(1), cy: y(group.medians[name]).toFixed(1), r: (3 + 5 * Math.sqrt(group.count / most)).toFixed(1), fill: groupColor(group.name),
        onpointermove: (event) => showTip(event, [`group ${group.name}`, `median ${shown(group.medians[name], quality)}${spaced(quality.unit)}`, `${count(group.count)} exposures, ${count(group.rejected)} rejected`]), onpointerleave: hideTip,
      })]).flat().filter(Boolean));
}

/** Ends of an axis that may go below zero. */
function around(values) {
  const low = values.reduce((one, two) => Math.min(one, two), Infinity);
  const high = values.reduce((one, two) => Math.max(one, two), -Infinity);
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 0.5;
  return [low - room, high + room];
}
