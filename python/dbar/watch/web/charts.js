// Figures over time, drawn from numbers; and the pieces of a page. Text enters as text only.

const SVG = "http://www.w3.org/2000/svg";
export const STATES = ["learning", "trusted", "warning", "alarm"];

export function html(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function svg(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// Mark on an axis whose marks lie `step` apart: as many digits as tell them from each other.
function axisNumber(value, step) {
  const size = Math.abs(value);
  if (size <= 1e-9 * step) return "0";
  const digits = Math.ceil(Math.log10(size / step) + 1e-9) + 2;
  return number(value, "", Math.min(15, Math.max(4, digits)));
}

export function number(value, unit, digits) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const far = size !== 0 && (size < 1e-3 || size >= 1e7);
  const text = far ? Number(value.toPrecision(digits || 3)).toExponential()
    : String(Number(value.toPrecision(digits || 4)));
  return unit ? text + " " + unit : text;
}

function finite(values) { return values.filter((v) => v !== null && Number.isFinite(v)); }

function extent(lists) {
  let low = Infinity, high = -Infinity;
  for (const list of lists) for (const v of finite(list)) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  return low <= high ? [low, high] : null;
}

function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const out = [], first = Math.ceil(low / step);
  for (let k = 0; (first + k) * step <= high + 1e-9 * step && k < 20; k += 1) out.push((first + k) * step);
  return { step, at: out.map((v) => Number(v.toPrecision(15))) };
}

// A figure over time: lines, points, bands, the bar of states below, a mark where the forecast begins.
function chart(plot) {
  const W = 400, H = 200, right = 8, top = 8, bottom = plot.states ? 44 : 34;
  const points = plot.points || [], drawn = [...plot.lines, ...points];
  const x = extent([...drawn.map((l) => l.t), ...plot.bands.map((b) => b.t)]);
  const y = extent([...drawn.map((l) => l.v), ...plot.bands.flatMap((b) => [b.low, b.high])]);
  const root = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": plot.title });
  if (!x || !y) return null;
  if (x[0] === x[1]) x[1] = x[0] + 1;
  // what differs by rounding alone is drawn as constant
  if (y[1] - y[0] < 1e-12 * Math.max(Math.abs(y[0]), Math.abs(y[1]))) y[1] = y[0];
  const log = plot.log && y[1] > 12 && finite(plot.lines[0].v).length > 0;
  if (log) y[0] = Math.max(y[0], 0.05);
  const scale = log ? (v) => Math.log10(Math.max(v, y[0])) : (v) => v;
  let [low, high] = [scale(y[0]), scale(y[1])];
  const pad = 0.06 * (high - low) || Math.abs(high) * 0.01 || 1;
  low -= pad; high += pad;
  const marks = log ? { at: logTicks(low, high) } : ticks(low, high, 4);
  const labels = marks.at.map((v) => log ? number(v) : axisNumber(v, marks.step));
  const left = Math.max(46, 10 + 6.2 * Math.max(...labels.map((text) => text.length)));
  const X = (t) => left + (W - left - right) * (t - x[0]) / (x[1] - x[0]);
  const Y = (v) => H - bottom - (H - top - bottom) * (scale(v) - low) / (high - low);
  for (const [k, v] of marks.at.entries()) {
    const at = Y(v);
    root.append(svg("line", { class: "grid", x1: left, x2: W - right, y1: at, y2: at }));
    root.append(svg("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, labels[k]));
  }
  const times = ticks(x[0], x[1], 5);
  for (const t of times.at) {
    const words = { x: X(t), y: H - 20, "text-anchor": "middle" };
    root.append(svg("text", words, axisNumber(t, times.step)));
  }
  const words = { x: W - right, y: H - 5, "text-anchor": "end" };
  root.append(svg("text", words, plot.timeUnit ? `time (${plot.timeUnit})` : "time"));
  root.append(svg("line", { class: "axis", x1: left, x2: W - right, y1: H - bottom, y2: H - bottom }));
  for (const band of plot.bands) {
    const upper = band.t.map((t, k) => `${X(t).toFixed(1)},${Y(band.high[k]).toFixed(1)}`);
    const lower = band.t.map((t, k) => `${X(t).toFixed(1)},${Y(band.low[k]).toFixed(1)}`);
    root.append(svg("polygon", { class: band.kind ? `band b-${band.kind}` : "band", points: [...upper, ...lower.reverse()].join(" ") }));
  }
  for (const { t, v } of points) {
    const size = t.length > 100 ? 1.6 : 2.4;
    t.forEach((at, k) => root.append(svg("circle", { class: "point", cx: X(at).toFixed(1), cy: Y(v[k]).toFixed(1), r: size })));
  }
  for (const line of plot.lines) {
    let path = "", pen = false;
    line.t.forEach((t, k) => {
      const v = line.v[k];
      if (v === null || v === undefined) { pen = false; return; }
      path += `${pen ? "L" : "M"}${X(t).toFixed(1)} ${Y(v).toFixed(1)}`;
      pen = true;
    });
    root.append(svg("path", { class: `line c-${line.kind}`, d: path }));
  }
  if (plot.now !== null && plot.bands.length) {
    const at = X(plot.now);
    root.append(svg("line", { class: "now", x1: at, x2: at, y1: top, y2: H - bottom }));
  }
  if (plot.states) stateBar(root, plot.states, X, H - bottom + 2);
  return root;
}

function logTicks(low, high) {
  const all = [];
  for (let p = Math.floor(low); p <= high; p += 1) {
    for (const m of [1, 2, 5]) all.push(Number((m * Math.pow(10, p)).toPrecision(3)));
  }
  const inside = all.filter((v) => Math.log10(v) >= low && Math.log10(v) <= high);
  return inside.length > 6 ? inside.filter((v) => String(v).replace(/[0.]/g, "") === "1") : inside;
}

function stateBar(root, states, X, top) {
  let start = 0;
  for (let k = 1; k <= states.t.length; k += 1) {
    if (k < states.t.length && states.v[k] === states.v[start]) continue;
    const from = X(states.t[start]);
    const to = k < states.t.length ? X(states.t[k]) : X(states.t[k - 1]) + 1.5;
    const kind = STATES[states.v[start]] ? states.v[start] : 0;
    const box = { class: `s${kind}`, x: from, y: top, width: Math.max(1.5, to - from), height: 7 };
    root.append(svg("rect", box));
    start = k;
  }
}

export function key(kind, text) {
  const item = html("span", "key");
  const picture = svg("svg", { viewBox: "0 0 24 10" });
  if (kind === "band") picture.append(svg("rect", { class: "band", x: 0, y: 0, width: 24, height: 10 }));
  else if (kind === "points") picture.append(svg("circle", { class: "point", cx: 12, cy: 5, r: 4 }));
  else picture.append(svg("path", { class: `line c-${kind}`, d: "M0 5L24 5" }));
  item.append(picture, text);
  return item;
}

export function figure(title, keys, plot) {
  const picture = chart({ ...plot, title });
  if (!picture) return null;
  const out = html("figure");
  const caption = html("figcaption");
  if (title) caption.append(html("span", "key", title));
  caption.append(...keys);
  out.append(caption, picture);
  return out;
}
