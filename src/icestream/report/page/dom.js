// Small tools for making elements and for writing numbers, times and sizes as people read them.

const SVG = "http://www.w3.org/2000/svg";

const find = (id) => document.getElementById(id);

/** Make an HTML element; text goes in as text, so that no name in the data can become markup. */
function el(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

/** Three significant digits, two for small values; never an exponent; thousands are grouped. */
function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-GB");
  if (size < 5e-5) return "0";
  const wanted = size < 1 ? Math.min(digits, 2) : digits;
  const places = Math.max(0, wanted - 1 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(places, 4)).replace("-", "−");
}

/** The same without zeros at the end, for the values on an axis. */
function short(value) {
  const text = number(value);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A value of a quality, with the digits that tell its values apart; fewer where it is large. */
function shown(value, quality) {
  if (!Number.isFinite(value)) return number(value);
  const size = Math.abs(value);
  const digits = quality.digits ?? 2;
  const places = size >= 99.95 ? 0 : size >= 9.995 ? Math.min(digits, 1) : digits;
  if (size >= 1000) return count(Math.round(value)).replace("-", "−");
  const text = plain(value, places);
  return Number(text) === 0 ? "0" : text;
}

/** Whether a value breaks a limit: "refuses" where a selection has it, "warns" where a monitor has. */
function breach(value, quality) {
  const broken = (quality.limits?.lines ?? []).filter((line) => (line.low !== null && value < line.low) || (line.high !== null && value > line.high));
  if (!Number.isFinite(value) || broken.length === 0) return null;
  return broken.some((line) => line.refuses) ? "refuses" : "warns";
}

/** With so many digits after the point, and no sign at what is rounded to zero. */
function plain(value, places) {
  const text = value.toFixed(places);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** The values on an axis, all with the digits that tell them apart. */
function tickTexts(values) {
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : Math.abs(values[0] ?? 1) || 1;
  const places = Math.min(4, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return values.map((value) => (value === 0 ? "0" : Math.abs(value) >= 1000 ? number(value) : plain(value, places)));
}

const count = (value) => (value ?? 0).toLocaleString("en-GB");

/** A unit with the space that stands before it; a degree sign has none. */
const spaced = (unit) => (unit && unit !== "°" ? `\u202f${unit}` : unit);

const withUnit = (value, unit) => number(value) + spaced(unit);

/** How long: "8 s", "3 min", "2 h 5 min", "3 days". */
function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

const pad = (value) => String(value).padStart(2, "0");

/** Local time of day; with the date when it is not today. */
function clock(seconds, seconds_too = false) {
  if (!seconds) return "–";
  const when = new Date(seconds * 1000);
  const time = `${pad(when.getHours())}:${pad(when.getMinutes())}`;
  const exact = seconds_too ? `${time}:${pad(when.getSeconds())}` : time;
  return when.toDateString() === new Date().toDateString() ? exact : `${day(when)} ${exact}`;
}

function day(when) {
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  return `${when.getDate()} ${months[when.getMonth()]}`;
}

/** Tick values at 1, 2 or 5 times a power of ten. */
function ticks(low, high, wanted) {
  const raw = (high - low) / Math.max(1, wanted);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) * power;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) {
    found.push(Math.abs(value) < step * 1e-6 ? 0 : value);
  }
  return found;
}

/** Tick times on round minutes, hours or days. */
function timeTicks(low, high, wanted) {
  const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800];
  const step = steps.find((each) => (high - low) / each <= wanted) ?? 86400 * Math.ceil((high - low) / 86400 / wanted);
  const offset = new Date(low * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let value = Math.ceil((low - offset) / step) * step + offset; value <= high; value += step) found.push(value);
  return { step, values: found };
}

function timeLabel(seconds, step) {
  const when = new Date(seconds * 1000);
  if (step >= 86400) return day(when);
  const time = `${pad(when.getHours())}:${pad(when.getMinutes())}`;
  if (step < 60) return `${time}:${pad(when.getSeconds())}`;
  return when.getHours() === 0 && when.getMinutes() === 0 ? day(when) : time;
}
