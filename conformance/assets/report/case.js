// A case and its steps. A row is built when it is shown, its inside when it is opened.

const nameOf = (item) => {
  const cell = Object.entries(item.cell ?? {}).map(([key, value]) => `${key}=${value}`).join(",");
  return cell ? `${item.id}[${cell}]` : item.id;
};
const numberOf = (step) => `${step.phase === "finally" ? "finally " : ""}${step.path.join(".")}`;
const placeOf = (step) => [step.file, step.line, step.column].filter(Boolean).join(":");

function decidingStep(item) {
  if (!attention(item.verdict)) return -1;
  const steps = item.steps ?? [];
  const exact = steps.findIndex((step) => step.verdict === item.verdict);
  return exact >= 0 ? exact : steps.findIndex((step) => attention(step.verdict));
}

function sentBy(step, failure) {
  const last = step.exchanges?.at(-1);
  return failure.sent ?? last?.plain_command ?? last?.wire_command;
}

// `repeated`: the failure above has shown the same command.
function comparison(step, failure, repeated) {
  const rows = [["sent", repeated ? undefined : sentBy(step, failure)], ["expected", failure.expected], ["got", failure.got]].filter(([, text]) => text !== undefined);
  if (rows.length === 0) return null;
  const pre = el("pre", { class: "compare", tabindex: "0", "aria-label": "sent, expected, got" });
  const at = failure.pointer;
  for (const [name, text] of rows) {
    const characters = [...text];
    const marked = name !== "sent" && at !== undefined && at < characters.length;
    const short = name === "sent" && characters.length <= 80;
    const shown = marked
      ? [characters.slice(0, at).join(""), el("mark", {}, characters[at]), characters.slice(at + 1).join("")]
      : [el("span", { class: short ? "stay" : "" }, text)];
    const words = name !== "sent" && WORDS[text];
    pre.append(el("span", { class: "label" }, `${name.padEnd(10)}`), ...shown,
      words ? el("span", { class: "words" }, `  ${words}`) : "", "\n");
  }
  if (at !== undefined && failure.got !== undefined) {
    const hexadecimal = /^[0-9A-F]*$/iu.test(failure.got);
    const far = at > 40 ? (hexadecimal ? ` byte ${Math.floor(at / 2)}` : ` character ${at}`) : "";
    pre.append(el("span", { class: "label" }, " ".repeat(10)), " ".repeat(at), el("span", { class: "caret" }, `^${far}`));
  }
  return pre;
}

function failureView(step, failure, index) {
  const repeated = index > 0 && sentBy(step, step.failures[index - 1]) === sentBy(step, failure);
  return el("div", { class: "failure" },
    el("p", { class: "message" }, failure.message),
    comparison(step, failure, repeated),
    failure.note && el("p", { class: "note" }, failure.note),
    failure.requirements && el("p", {}, "breaks ", failure.requirements.map(requirementButton)));
}

function requirementButton(id) {
  const text = REQUIREMENTS.get(id)?.text ?? "not in the catalogue";
  return el("button", { type: "button", class: "pill", title: text, "data-requirement": id }, id);
}

function stepBody(step) {
  return el("div", { class: "body" },
    step.note && el("p", { class: "note" }, step.note),
    step.failures?.map((failure, index) => failureView(step, failure, index)),
    step.exchanges?.map(exchangeView),
    step.events && el("ul", { class: "events" }, step.events.map((event) => el("li", {}, event))),
    !step.note && !step.failures && !step.exchanges && !step.events && el("p", { class: "note" }, "nothing was sent"));
}

function stepRow(step) {
  const details = el("details", {});
  const words = step.exchanges?.at(-1);
  details.append(el("summary", {},
    el("span", { class: "number" }, step.path.join(".")),
    el("span", { class: "what" }, step.title),
    words?.sw && el("span", { class: `sw ${swClass(words.sw)}`, title: words.sw_text }, words.sw),
    step.exchanges?.length > 1 && el("span", { class: "pill" }, plural(step.exchanges.length, "command")),
    el("span", { class: "where" }, [step.line, step.column].filter(Boolean).join(":") && placeOf(step))));
  const row = el("li", { class: `step v-${step.verdict} ${step.phase === "finally" ? "finally" : ""}`, "data-step": numberOf(step) },
    el("span", { class: "dot", role: "img", "aria-label": label(step.verdict), title: label(step.verdict) }, SIGNS[step.verdict]), details);
  row.fill = () => {
    if (details.children.length > 1) return;
    details.append(stepBody(step));
    for (const pre of details.querySelectorAll(".compare")) {
      const mark = pre.querySelector("mark");
      if (mark) pre.scrollLeft = Math.max(0, mark.offsetLeft - pre.clientWidth / 2);
    }
  };
  details.addEventListener("toggle", () => {
    row.classList.toggle("open", details.open);
    if (details.open) row.fill();
  });
  return row;
}

function meta(item) {
  const facts = [
    ["shows", { negative: "a breach is refused", both: "the demand is met and a breach is refused" }[item.polarity] ?? "the demand is met"],
    ["card", [item.chip, item.persona].filter(Boolean).join(", ")],
    ["hazard", item.hazard],
    ["counters", counters(item.counters_before, item.counters_after)],
    ["seed", item.seed],
  ];
  const pairs = [
    ["about", facts.filter(([, value]) => value).map(([name, value]) => el("span", { class: "fact" }, `${name} `, el("b", {}, value)))],
    ["cites", item.requirements?.map(requirementButton)],
    ["file", el("code", {}, item.file)],
    ["rerun", [el("code", {}, item.rerun_command), copyButton(item.rerun_command)]],
  ];
  const rows = pairs.filter(([, value]) => value && value.length !== 0);
  return el("dl", { class: "meta" }, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

// Fills an opened case so that step number `wanted` (or else the step that decided) is there, open and highlighted.
function fillCase(row, item, wanted) {
  const steps = item.steps ?? [];
  const index = wanted === undefined ? decidingStep(item) : steps.findIndex((step) => numberOf(step) === wanted);
  if (!row.inside) {
    const list = el("ol", { class: "steps" });
    row.inside = el("div", { class: "inside" }, meta(item),
      steps.length > 0 && el("div", { class: "views" }, el("h3", {}, "Timeline"), viewSwitch(steps)), list);
    row.append(row.inside);
    row.list = list;
    row.shown = () => false;
  }
  if (!row.shown(Math.max(index, 0)) && steps.length > 0) row.shown = parts(row.list, steps, stepRow, 200, Math.max(index, 0));
  for (const old of row.list.querySelectorAll(".target")) old.classList.remove("target");
  if (index < 0) return null;
  const target = [...row.list.children].find((node) => node.dataset.step === numberOf(steps[index]));
  target.fill();
  target.classList.add("target");
  target.querySelector("details").open = true;
  return target;
}

function viewSwitch(steps) {
  const wired = steps.some((step) => step.exchanges?.some((exchange) => exchange.wire_command !== undefined));
  if (!wired) return null;
  const button = (view, text) => el("button", { type: "button", "data-view": view, "aria-pressed": String(document.body.dataset.view === view) }, text);
  return el("span", { class: "segments", role: "group", "aria-label": "bytes shown" },
    button("plain", "plain"), button("wire", "on the wire"), button("both", "both"));
}

function caseRow(item) {
  const [folder, last] = item.id.includes("/") ? [item.id.slice(0, item.id.lastIndexOf("/") + 1), item.id.slice(item.id.lastIndexOf("/") + 1)] : ["", item.id];
  const steps = item.steps?.length ?? 0;
  const silent = item.verdict === "skipped" || item.verdict === "not_applicable";
  const reason = item.reason ?? (silent ? "no reason was given" : undefined);
  const row = el("details", { class: `case v-${item.verdict}`, "data-case": nameOf(item) },
    el("summary", {},
      el("span", {}, badge(item.verdict)),
      el("span", { class: "name" }, el("span", { class: "folder" }, folder), el("strong", {}, last), " ",
        Object.entries(item.cell ?? {}).map(([key, value]) => [el("span", { class: "pill" }, `${key} ${value}`), " "]),
        el("span", { class: "title" }, item.title)),
      el("span", { class: "numbers" }, [steps ? plural(steps, "step") : "", duration(item.duration_ns)].filter(Boolean).join(" · ")),
      reason && el("span", { class: "reason" }, reason)));
  return row;
}
