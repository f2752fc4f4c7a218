// Draws what data.json says. Text enters the page as text only, never as markup.
import { STATES, figure, html, key, number } from "./charts.js";
import { drawObserved } from "./observed.js";

const STATUSES = ["waiting", "running", "ended", "killed", "unreadable"];
const REPLICA_STATES = ["running", "failed", "finished", "forecast"];
const MOST_ROWS = 500;
const MOST_FORECASTS = 3;
const MOST_FAILED = 40;

function percent(share) { return `${Math.round(100 * share)} %`; }

function heldWords(held) { return `held ${percent(held.share)} of ${held.count} values`; }

function coverage(level, held) {
  return held && held.count ? `${percent(level)} band, ${heldWords(held)} so far` : `${percent(level)} band, not yet checked`;
}

function charts(run) {
  const c = run.curves, t = c.time || [], box = html("div", "charts");
  const forecast = run.forecast || { time: [], bands: {} };
  const base = { timeUnit: run.time_unit, now: run.time, states: null };
  const add = (name, title, unit, extra, keys) => {
    if (!c[name]) return;
    const band = forecast.bands[name], held = (forecast.held || {})[name];
    const lines = [{ t, v: c[name], kind: "value" }, ...extra];
    if (band) lines.push({ t: forecast.time, v: band[0], kind: "mean" });
    const known = band ? forecast.time.map((_, k) => k).filter((k) => band[1][k] !== null) : [];
    const pick = (list) => known.map((k) => list[k]);
    const bands = known.length ? [{ t: pick(forecast.time), low: pick(band[1]), high: pick(band[2]) }] : [];
    const all = band ? [...keys, key("mean", "forecast")] : [...keys];
    if (known.length) all.push(key("band", coverage(forecast.level, held)));
    else if (held && held.count) all.push(html("span", "key", `no band: it ${heldWords(held)} (stated ${percent(forecast.level)})`));
    const states = name === "M" && c.state ? { t, v: c.state } : null;
    const plot = { ...base, lines, bands, states, log: name === "M" };
    const made = figure(unit && title ? `${title} (${unit})` : title, all, plot);
    if (made) box.append(made);
  };
  const bound = c.bound ? [{ t, v: c.bound, kind: "bound" }] : [];
  add("M", "", "", bound, [key("value", "M"), key("bound", "its bound")]);
  add("most", `${run.most_name}, which changed most`, run.most_unit, [], []);
  add("stress", run.stress_name || "stress", run.stress_unit, [], []);
  add("pe", "potential energy", run.energy_unit, [], []);
  return box;
}

function numbers(pairs) {
  const box = html("div", "numbers");
  for (const [name, value] of pairs) {
    const cell = html("div", "", "");
    cell.append(html("b", "", value), name);
    box.append(cell);
  }
  return box;
}

function drawAnswers(run) {
  const list = html("dl", "answers");
  for (const [question, answer] of run.answers) {
    list.append(html("dt", "", question), html("dd", "", answer));
  }
  list.classList.add(run.trust ? "yes" : "no");
  return list;
}

function drawRun(run) {
  const card = html("section");
  card.id = "run-" + run.name;
  const head = html("div", "head");
  const status = STATUSES.includes(run.status) ? run.status : "unknown";
  head.append(html("h2", "", run.name), html("span", `pill status-${status}`, run.status));
  if (run.state) {
    const known = STATES.includes(run.state) ? run.state : "learning";
    const row = run.consecutive > 1 ? ` for ${run.consecutive} snapshots` : "";
    head.append(html("span", `pill state-${known}`, run.state + row));
  }
  if (run.changed) head.append(html("span", "pill changed", run.changed));
  card.append(head);
  if (run.status === "waiting") card.append(html("p", "sentence", "no such file yet"));
  if (run.message) card.append(html("p", "message", run.message));
  if (run.step === null) return card;
  const pairs = [["step", String(run.step)], ["time", number(run.time, run.time_unit)],
    ["snapshots", String(run.snapshots)]];
  if (run.state) {
    pairs.push(["M", number(run.M, "", 3)], ["its bound", number(run.bound, "", 3)],
      ["tau_pred", number(run.tau_pred, run.time_unit, 3)], ["refits", number(run.refits, "", 9)],
      ["alarms", String(run.alarms)]);
    if (run.regime !== null) pairs.push(["regime", String(run.regime)]);
    if (run.evidence !== null) pairs.push(["evidence of a change (alarm: 1)", number(run.evidence, "", 2)]);
  }
  if (run.status === "running" && run.age > 5) pairs.push(["silent for", number(run.age, "s", 3)]);
  if (run.answers.length) card.append(drawAnswers(run));
  card.append(numbers(pairs), charts(run), ...drawObserved(run));
  if (run.no_forecast) card.append(html("p", "sentence", run.no_forecast));
  if (run.alarms) card.append(html("p", "sentence", run.sentence));
  return card;
}

function ago(seconds) {
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return ` (${Math.round(seconds / size)} ${unit} ago)`;
  }
  return "";
}

function pill(state) {
  const known = STATES.includes(state) || REPLICA_STATES.includes(state) ? ` state-${state}` : "";
  return `pill${known}`;
}

function drawEnsemble(e) {
  const card = html("section"), head = html("div", "head");
  head.append(html("h2", "", e.name));
  if (e.end) {
    const kind = e.ended === "stopped" ? "status-stopped" : "status-ended";
    head.append(html("span", `pill ${kind}`, `ended: ${e.end}`));
  }
  for (const [state, count] of Object.entries(e.counts).sort()) {
    head.append(html("span", pill(state), `${count} ${state}`));
  }
  card.append(head);
  if (e.message) card.append(html("p", "message", e.message));
  const pairs = [["policy", e.policy], ["time", e.time && e.time + ago(e.age)]].filter((p) => p[1]);
  if (pairs.length || Object.keys(e.observables).length) {
    card.append(numbers([...pairs, ...Object.entries(e.observables)]));
  }
  if (e.total && e.used !== null) {
    const line = html("p"), bar = html("progress");
    bar.max = e.total; bar.value = e.used;
    line.append(bar, ` budget ${number(e.used, "", 9)} of ${number(e.total, "", 9)}`);
    card.append(line);
  }
  if (e.replicas.length) card.append(...drawReplicas(e.replicas));
  const failed = Object.entries(e.failed);
  for (const [replica, reason] of failed.slice(0, MOST_FAILED)) {
    card.append(html("p", "message reason", `replica ${replica} failed: ${reason}`));
  }
  const left = failed.length - MOST_FAILED;
  if (left > 0) card.append(html("p", "message", `... and ${left} more failed`));
  return card;
}

function drawReplicas(replicas) {
  const table = html("table"), top = html("tr"), scroll = html("div", "scroll");
  const shown = replicas.slice(0, MOST_ROWS);
  const names = [...new Set(shown.flatMap((r) => Object.keys(r.forecast)))].slice(0, MOST_FORECASTS);
  const titles = ["replica", "state", "steps", "M", "tau_pred", ...names.map((n) => `${n} at the end`)];
  top.append(...titles.map((title) => html("th", "", title)));
  table.append(top);
  for (const r of shown) {
    const row = html("tr"), state = html("td");
    state.append(html("span", pill(r.state), r.state));
    const forecasts = names.map((n) => Object.hasOwn(r.forecast, n) ? r.forecast[n].text : "–");
    const cells = [number(r.steps, "", 9), number(r.M, "", 3), number(r.tau_pred), ...forecasts];
    row.append(html("td", "", r.id), state, ...cells.map((text) => html("td", "", text)));
    table.append(row);
  }
  scroll.append(table);
  const left = replicas.length - MOST_ROWS;
  return left > 0 ? [scroll, html("p", "sentence", `... and ${left} more`)] : [scroll];
}

let last = "";

async function refresh() {
  const note = document.getElementById("note");
  let pause = 1;
  try {
    const answer = await fetch("data.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text(), data = JSON.parse(text);
    pause = data.interval;
    if (text !== last) {
      const place = document.querySelector(".scroll");
      const scrolled = place ? place.scrollTop : 0;
      document.getElementById("ensembles").replaceChildren(...data.ensembles.map(drawEnsemble));
      document.getElementById("runs").replaceChildren(...data.runs.map(drawRun));
      const again = document.querySelector(".scroll");
      if (again) again.scrollTop = scrolled;
      last = text;
    }
    note.className = "";
    note.textContent = new Date().toLocaleTimeString();
  } catch (error) {
    note.className = "bad";
    note.textContent = error.message === "500"
      ? "dbar watch had an error: its terminal says which"
      : "no answer: dbar watch has ended, or the page is out of date";
  }
  setTimeout(refresh, 1000 * Math.max(0.2, pause));
}

refresh();
