// Building the page. Everything goes through `el`, which makes text nodes and never parses markup: what a card or a scenario
// says stays text.

const VERDICTS = ["error", "failed", "inconclusive", "warning", "passed", "skipped", "not_applicable"];
const SIGNS = { error: "⚡", failed: "✕", inconclusive: "?", warning: "!", passed: "✓", skipped: "–", not_applicable: "·" };
const label = (verdict) => verdict.replace("_", " ");
const attention = (verdict) => VERDICTS.indexOf(verdict) < 4;
const $ = (id) => document.getElementById(id);

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

const badge = (verdict) => el("span", { class: `verdict v-${verdict}` }, `${SIGNS[verdict]} ${label(verdict)}`);

function duration(ns) {
  if (ns === undefined) return "";
  const us = ns / 1000;
  if (us < 1000) return `${Math.floor(us)} µs`;
  return us < 1e6 ? `${(us / 1e3).toFixed(1)} ms` : `${(us / 1e6).toFixed(2)} s`;
}

function counters(before, after) {
  const known = [];
  for (const name of ["pin", "puk"]) {
    const [a, b] = [before?.[name], after?.[name]];
    if (a === undefined && b === undefined) continue;
    known.push(a === b ? `${name.toUpperCase()} ${a}` : `${name.toUpperCase()} ${a ?? "?"} → ${b ?? "?"}`);
  }
  return known.join(", ");
}

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function copyButton(text) {
  const button = el("button", { type: "button", class: "copy", title: "Copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const code = button.parentElement.querySelector("code");
      if (code) getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return button;
}

// A long list shown in parts: `size` items around `at`, with buttons for what lies before and after.
function parts(list, items, render, size, at = 0) {
  let first = Math.max(0, Math.min(at - Math.floor(size / 4), items.length - size));
  let last = Math.min(items.length, first + size);
  const wrap = list.tagName === "UL" || list.tagName === "OL" ? (node) => el("li", {}, node) : (node) => node;
  const before = el("button", { type: "button", class: "more" });
  const after = el("button", { type: "button", class: "more" });
  const [top, bottom] = [wrap(before), wrap(after)];
  const nodes = (from, to) => items.slice(from, to).map((item, offset) => render(item, from + offset));
  const label = () => {
    top.hidden = first === 0;
    bottom.hidden = last === items.length;
    before.textContent = `Show ${Math.min(size, first)} earlier of ${first}`;
    after.textContent = `Show ${Math.min(size, items.length - last)} more of ${items.length - last}`;
  };
  before.addEventListener("click", () => {
    const from = Math.max(0, first - size);
    top.after(...nodes(from, first));
    first = from;
    label();
  });
  after.addEventListener("click", () => {
    const to = Math.min(items.length, last + size);
    bottom.before(...nodes(last, to));
    last = to;
    label();
  });
  list.replaceChildren(top, ...nodes(first, last), bottom);
  label();
  return (index) => index >= first && index < last;
}
