// The table of requirements: what cites each of them, and what came of it.

function citationList(row, polarity) {
  const cited = row.citations.filter((citation) => citation.polarity === polarity || citation.polarity === "both");
  if (cited.length === 0) return el("span", { class: "source" }, "—");
  return el("ul", { class: "cites" }, cited.map((citation) => {
    const verdicts = Object.entries(citation.verdicts);
    const signs = verdicts.map(([target, verdict]) =>
      el("span", { class: `sign v-${verdict}`, role: "img", "aria-label": `${target}: ${label(verdict)}`, title: `${target}: ${label(verdict)}` }, SIGNS[verdict]));
    return el("li", {}, signs.length ? signs : el("span", { class: "sign", title: "not run" }, "○"), " ",
      el("button", { type: "button", "data-scenario": citation.scenario, title: "show its cases" }, citation.scenario));
  }));
}

const GAPS = { uncited: "no scenario", no_positive: "no positive scenario", no_negative: "no negative scenario", none: "" };

function coverageRow(row) {
  return el("tr", { "data-row": row.id },
    el("td", {}, requirementButton(row.id), row.verdict ? el("p", {}, badge(row.verdict)) : null),
    el("td", {}, row.level),
    el("td", {}, el("p", {}, row.text), el("p", { class: "source" }, row.source),
      GAPS[row.gap] && el("p", { class: "gap" }, `▲ ${GAPS[row.gap]}`)),
    el("td", {}, citationList(row, "positive")),
    el("td", {}, citationList(row, "negative")));
}

const STATUSES = { unaccounted: "neither a scenario nor a reason", open: "open", cited: "", reasoned: "" };

function itemRow(row) {
  const became = row.disposition.map((one) => one.replaceAll("_", " ")).join(", ");
  return el("tr", { "data-row": row.id },
    el("td", {}, requirementButton(row.id), row.verdict ? el("p", {}, badge(row.verdict)) : null),
    el("td", {}, became),
    el("td", {}, el("p", {}, row.text), el("p", { class: "source" }, `line ${row.lines}`),
      row.reason && el("p", { class: "note" }, `because ${row.reason}`),
      row.open && row.status === "open" && el("p", { class: "note" }, `waits for ${row.open}`),
      STATUSES[row.status] && el("p", { class: "gap" }, `▲ ${STATUSES[row.status]}`)),
    el("td", {}, citationList(row, "positive")),
    el("td", {}, citationList(row, "negative")));
}

function itemTable(items) {
  if (items.length === 0) return null;
  const head = ["Item", "Became", "What the articles say", "Positive: it works", "Negative: a breach is refused"];
  return el("table", {}, el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, items.map(itemRow)));
}

function coverageTable(coverage, matches) {
  const rows = coverage.rows.filter(matches);
  const items = (coverage.items ?? []).filter(matches);
  const head = ["Requirement", "Level", "Demand", "Positive: it works", "Negative: a breach is refused"];
  const body = el("tbody", {});
  if (rows.length === 0 && items.length === 0 && coverage.unknown.length === 0) return el("p", { class: "empty" }, "No requirement matches.");
  body.append(...rows.map(coverageRow));
  return el("div", {},
    el("table", {}, el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))), body),
    itemTable(items),
    coverage.unknown.length > 0 && el("p", { class: "stopped" }, `Cited, but not in the catalogue: ${coverage.unknown.join(", ")}`));
}
