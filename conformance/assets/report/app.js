// State of the page: filters, the address fragment (`#case=…&step=…`), keyboard.

const DATA = JSON.parse($("data").textContent);
const RUN = DATA.run;
const WORDS = DATA.words;
const REQUIREMENTS = new Map([...DATA.coverage.rows, ...(DATA.coverage.items ?? [])].map((row) => [row.id, row]));
const VIEWS = ["plain", "wire", "both"];
const state = { view: "cases", verdicts: new Set(), text: "", requirement: "", plan: false, open: undefined, step: undefined };
let shownCases = [];
let isShown = () => false;

const indexed = new Map();
function searchText(item) {
  if (!indexed.has(item)) indexed.set(item, `${nameOf(item)} ${JSON.stringify(item)}`.toLowerCase());
  return indexed.get(item);
}

function headline() {
  const count = (verdict) => RUN.totals[verdict] ?? 0;
  const refused = RUN.stopped && RUN.stopped.kind !== "fail_fast";
  const strict = RUN.strict ? count("warning") : 0;
  const bad = count("failed") + count("inconclusive") + strict;
  const of = `of ${plural(RUN.totals.cases, "case")}`;
  let [tone, text] = ["good", `${count("passed")} ${of} passed`];
  if (count("warning")) text += `, ${plural(count("warning"), "warning")}`;
  if (count("passed") + count("warning") === 0) [tone, text] = ["broken", "Nothing was judged"];
  if (bad) [tone, text] = ["bad", `${bad} ${of} failed`];
  if (bad && count("inconclusive")) text = `${bad} ${of} failed or inconclusive`;
  if (count("error")) [tone, text] = ["broken", `${plural(count("error"), "error")} of the harness${bad ? `, ${text}` : ""}`];
  if (refused) tone = "broken";
  $("headline").textContent = text;
  $("headline").className = tone;
  const facts = [["target", RUN.target.description], ["seed", RUN.seed], ["tool", RUN.tool], ["started", RUN.started],
    ["shard", RUN.partition && `${RUN.partition.index} of ${RUN.partition.count}`],
    ["options", Object.entries({ ...RUN.options, ...(RUN.strict ? { strict: "yes" } : {}) }).map(([key, value]) => `${key}=${value}`).join(" ")],
    ["work", `${plural(RUN.totals.steps, "step")}, ${plural(RUN.totals.exchanges, "command")}`]];
  $("facts").replaceChildren(...facts.filter(([, value]) => value).map(([name, value]) => el("span", {}, `${name} `, el("b", {}, value))));
  const present = VERDICTS.filter((verdict) => count(verdict) > 0);
  $("bar").setAttribute("aria-label", present.map((verdict) => `${count(verdict)} ${label(verdict)}`).join(", "));
  $("bar").replaceChildren(...present.map((verdict) => {
    const part = el("i", { class: `v-${verdict}`, title: `${count(verdict)} ${label(verdict)}` });
    part.style.flexGrow = count(verdict);
    return part;
  }));
  if (RUN.stopped) {
    $("stopped").hidden = false;
    $("stopped").textContent = `Stopped early: ${RUN.stopped.message}`;
  }
  $("verdicts").replaceChildren(...present.map((verdict) =>
    el("button", { type: "button", class: `v-${verdict}`, "data-verdict": verdict }, el("span", {}, label(verdict)), el("b", {}, String(count(verdict))))));
  const cited = new Set(RUN.cases.flatMap((item) => item.requirements ?? []).concat([...REQUIREMENTS.keys()]));
  $("requirement").replaceChildren(el("option", { value: "" }, "every requirement"), ...[...cited].sort().map((id) => el("option", { value: id }, id)));
  const musts = DATA.coverage.rows.filter((row) => row.level === "MUST");
  $("tab-cases").textContent = `Cases (${RUN.totals.cases})`;
  $("tab-coverage").textContent = musts.length ? `Coverage (${musts.filter((row) => row.gap === "none").length} of ${musts.length} MUST)` : "Coverage";
}

function matches(item) {
  return (state.verdicts.size === 0 || state.verdicts.has(item.verdict)) &&
    (!state.requirement || (item.requirements ?? []).includes(state.requirement)) &&
    (!state.text || searchText(item).includes(state.text.toLowerCase()));
}

function matchesRow(row) {
  return (state.verdicts.size === 0 || state.verdicts.has(row.verdict)) && (!state.requirement || row.id === state.requirement) &&
    (!state.text || JSON.stringify(row).toLowerCase().includes(state.text.toLowerCase()));
}

function buildRow(item) {
  const row = caseRow(item);
  row.addEventListener("toggle", () => {
    if (row.open && !row.inside) fillCase(row, item);
  });
  row.querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault();
    if (row.open) {
      row.open = false;
      go({ open: undefined, step: undefined });
    } else {
      openCase(item, undefined, true);
    }
  });
  return row;
}

const rowOf = (name) => [...$("cases-panel").children].find((row) => row.dataset.case === name);

// Scrolls only when needed, below the filters that stay on top; once more after the layout, as rows far away have estimated heights.
function bringIntoView(node) {
  const scroll = () => {
    const head = getComputedStyle($("filters")).position === "sticky" ? $("filters").offsetHeight : 0;
    const { top, bottom } = node.getBoundingClientRect();
    if (top < head + 8 || bottom > innerHeight - innerHeight / 4) scrollBy({ top: top - head - Math.min(120, innerHeight / 6) });
  };
  scroll();
  requestAnimationFrame(() => requestAnimationFrame(scroll));
}

// Opens a case with its deciding step, or the step asked for, in view.
function openCase(item, step, remember) {
  const index = shownCases.indexOf(item);
  if (!isShown(index)) isShown = parts($("cases-panel"), shownCases, buildRow, 300, index);
  const row = rowOf(nameOf(item));
  const target = fillCase(row, item, step);
  row.open = true;
  if (remember) go({ open: nameOf(item), step: target ? target.dataset.step : undefined });
  if (remember) row.querySelector("summary").focus({ preventScroll: true });
  bringIntoView(target?.querySelector("summary") ?? row);
}

function render() {
  for (const button of $("verdicts").children) button.setAttribute("aria-pressed", String(state.verdicts.has(button.dataset.verdict)));
  const filtered = state.verdicts.size > 0 || state.text || state.requirement;
  const onCases = state.view === "cases";
  $("clear").hidden = !filtered;
  if ($("search").value !== state.text) $("search").value = state.text;
  $("requirement").value = state.requirement;
  $("plan-order").checked = state.plan;
  $("plan-order").parentElement.hidden = !onCases;
  for (const view of ["cases", "coverage"]) {
    $(`tab-${view}`).setAttribute("aria-selected", String(state.view === view));
    $(`tab-${view}`).tabIndex = state.view === view ? 0 : -1;
    $(`${view}-panel`).hidden = state.view !== view;
  }
  if (onCases) renderCases();
  else $("coverage-panel").replaceChildren(coverageTable(DATA.coverage, matchesRow));
  $("count").textContent = onCases && filtered ? `${shownCases.length} of ${RUN.cases.length}` : "";
}

function renderCases() {
  shownCases = RUN.cases.filter(matches);
  if (!state.plan) shownCases.sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));
  isShown = parts($("cases-panel"), shownCases, buildRow, 300);
  if (shownCases.length === 0) $("cases-panel").replaceChildren(el("p", { class: "empty" }, RUN.cases.length ? "No case matches." : "No case was run."));
  const wanted = shownCases.find((item) => nameOf(item) === state.open);
  if (wanted) openCase(wanted, state.step, false);
}

// The address fragment carries the state, so that a link shows what its sender saw.
function go(change) {
  Object.assign(state, change);
  const out = new URLSearchParams();
  if (state.open) out.set("case", state.open);
  if (state.open && state.step) out.set("step", state.step);
  if (state.view !== "cases") out.set("view", state.view);
  if (state.verdicts.size) out.set("verdict", [...state.verdicts].join(","));
  if (state.requirement) out.set("requirement", state.requirement);
  if (state.text) out.set("q", state.text);
  if (state.plan) out.set("plan", "1");
  history.replaceState(null, "", `#${out}`);
}

function readFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  const verdicts = (given.get("verdict") ?? "").split(",").filter((verdict) => VERDICTS.includes(verdict));
  Object.assign(state, {
    open: given.get("case") ?? undefined, step: given.get("step") ?? undefined, text: given.get("q") ?? "",
    view: given.get("view") === "coverage" ? "coverage" : "cases", verdicts: new Set(verdicts),
    requirement: REQUIREMENTS.has(given.get("requirement")) ? given.get("requirement") : "", plan: given.has("plan"),
  });
  render();
}

function setFilter(change) {
  go({ open: undefined, step: undefined, ...change });
  render();
}

function setView(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("[data-view]:is(button)")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
}

const storage = {
  get: () => { try { return localStorage.getItem("cie-report-theme"); } catch { return null; } },
  set: (theme) => { try { localStorage.setItem("cie-report-theme", theme); } catch { /* a report opened without storage forgets its theme */ } },
};

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme === "dark" ? "Light" : "Dark";
}

function toggleTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  storage.set(theme);
  setTheme(theme);
}

// Next or previous row; with `onlyAttention`, the next case that needs a look, opened.
function move(by, onlyAttention) {
  if (state.view !== "cases") return;
  if (onlyAttention) {
    const cases = shownCases.filter((item) => attention(item.verdict));
    if (cases.length === 0) return;
    const now = cases.findIndex((item) => nameOf(item) === state.open);
    const next = now < 0 ? (by > 0 ? 0 : cases.length - 1) : (now + by + cases.length) % cases.length;
    const old = rowOf(state.open);
    if (old) old.open = false;
    openCase(cases[next], undefined, true);
    return;
  }
  const rows = [...document.querySelectorAll("#cases-panel summary")].filter((row) => row.checkVisibility());
  const now = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, now + by))]?.focus();
}

const KEYS = {
  n: () => move(1, true), p: () => move(-1, true), j: () => move(1, false), k: () => move(-1, false),
  "/": () => $("search").focus(), "?": () => $("help").showModal(), t: toggleTheme,
  w: () => setView(VIEWS[(VIEWS.indexOf(document.body.dataset.view) + 1) % VIEWS.length]),
  c: () => setFilter({ view: state.view === "cases" ? "coverage" : "cases" }),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const typing = /^(?:INPUT|SELECT|TEXTAREA)$/u.test(event.target.tagName) && event.target.type !== "checkbox";
  if (typing) {
    if (event.key === "Escape") { $("search").value = ""; event.target.blur(); setFilter({ text: "" }); }
    return;
  }
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});

document.addEventListener("click", (event) => {
  const { verdict, requirement, scenario, view } = event.target.closest("button")?.dataset ?? {};
  if (verdict) {
    const verdicts = new Set(state.verdicts);
    if (!verdicts.delete(verdict)) verdicts.add(verdict);
    setFilter({ verdicts });
  }
  if (requirement) setFilter({ requirement, view: "cases", text: "", verdicts: new Set() });
  if (scenario) setFilter({ text: scenario, view: "cases", requirement: "", verdicts: new Set() });
  if (view) setView(view);
});

let typed;
$("search").addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => setFilter({ text: $("search").value.trim() }), 120);
});
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("requirement").addEventListener("change", () => setFilter({ requirement: $("requirement").value }));
$("plan-order").addEventListener("change", () => setFilter({ plan: $("plan-order").checked }));
$("clear").addEventListener("click", () => setFilter({ verdicts: new Set(), text: "", requirement: "" }));
$("theme").addEventListener("click", toggleTheme);
$("help-open").addEventListener("click", () => $("help").showModal());
for (const view of ["cases", "coverage"]) {
  $(`tab-${view}`).addEventListener("click", () => setFilter({ view }));
  $(`tab-${view}`).addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = view === "cases" ? "coverage" : "cases";
    setFilter({ view: other });
    $(`tab-${other}`).focus();
  });
}
addEventListener("hashchange", readFragment);
setTheme(storage.get() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
setView("plain");
headline();
readFragment();
