// Observables that a run estimates and forecasts: a table, and a figure of each.
import { figure, html, key } from "./charts.js";

const MOST = 12;

// Bands as far as there are any: young estimates have none.
function bandsOf(curve, kind) {
  const known = curve.mean.map((_, k) => k).filter((k) => curve.half_width[k] !== null);
  if (!known.length) return [];
  const edge = (sign) => known.map((k) => curve.mean[k] + sign * curve.half_width[k]);
  return [{ t: known.map((k) => curve.time[k]), low: edge(-1), high: edge(1), kind }];
}

function observedTable(run) {
  const table = html("table", "observed"), top = html("tr");
  for (const title of ["observable", "computed", "estimated", run.observed[0].words.ahead]) {
    top.append(html("th", "", title));
  }
  table.append(top);
  for (const one of run.observed) {
    const row = html("tr"), words = one.words;
    for (const text of [one.name, words.computed, words.estimate, words.forecast]) {
      row.append(html("td", "", text));
    }
    table.append(row);
  }
  return table;
}

function observedFigure(run, one) {
  const { estimate, computed, forecast } = one.curves, lines = [], bands = [], points = [], keys = [];
  if (computed.time.length) {
    points.push({ t: computed.time, v: computed.value });
    keys.push(key("points", "computed"));
  }
  if (estimate.time.length) {
    lines.push({ t: estimate.time, v: estimate.mean, kind: "estimate" });
    bands.push(...bandsOf(estimate, "estimate"));
    keys.push(key("estimate", "estimate"));
  }
  if (forecast.time.length) {
    lines.push({ t: forecast.time, v: forecast.mean, kind: "mean" });
    bands.push(...bandsOf(forecast, ""));
    keys.push(key("mean", `forecast ${one.words.ahead.replace(/^in /, "")} earlier`));
  }
  if (bands.length) keys.push(key("band", "90 % bands"));
  const plot = { timeUnit: run.time_unit, now: forecast.time.length ? run.time : null, states: null, lines, bands, points };
  return figure(one.unit ? `${one.name} (${one.unit})` : one.name, keys, plot);
}

export function drawObserved(run) {
  if (!run.observed.length) return [];
  const box = html("div", "charts");
  for (const one of run.observed.slice(0, MOST)) {
    const made = observedFigure(run, one);
    if (made) box.append(made);
  }
  return [observedTable(run), box];
}
