// One command and its response: coloured bytes, status word, data objects, counters, state; plain and as protected on the wire.

const FOLD = 96;

const spaced = (hex) => hex.match(/.{1,2}/gu)?.join(" ") ?? "";

function folded(hex, kind) {
  const span = el("span", { class: kind, title: `${Math.ceil(hex.length / 2)} bytes` });
  if (hex.length <= 2 * FOLD + 32) {
    span.textContent = spaced(hex);
    return [span];
  }
  span.textContent = `${spaced(hex.slice(0, 2 * FOLD))} …`;
  const button = el("button", { type: "button" }, `all ${hex.length / 2} bytes`);
  button.addEventListener("click", () => {
    span.textContent = spaced(hex);
    button.remove();
  });
  return [span, button];
}

// CLA INS P1 P2, Lc, data, Le (ISO/IEC 7816-4:2020 §5.2). What does not fit is left uncoloured.
function commandParts(hex) {
  if (hex.length < 8) return folded(hex, "d");
  const out = [el("span", { class: "h", title: "CLA INS P1 P2" }, spaced(hex.slice(0, 8)))];
  const rest = hex.slice(8);
  const add = (kind, title, text) => text && out.push(" ", el("span", { class: kind, title }, spaced(text)));
  const long = rest.startsWith("00") && rest.length >= 6;
  const digits = long ? 6 : 2;
  const length = 2 * Number.parseInt(rest.slice(long ? 2 : 0, digits), 16);
  const behind = rest.length - digits;
  if (rest.length <= 2 || (long && rest.length === 6)) {
    add("l", "Le", rest);
  } else if (length > 0 && behind >= length && behind - length <= 4) {
    add("l", "Lc", rest.slice(0, digits));
    out.push(" ", ...folded(rest.slice(digits, digits + length), "d"));
    add("l", "Le", rest.slice(digits + length));
  } else {
    out.push(" ", ...folded(rest, "d"));
  }
  return out;
}

function swClass(sw) {
  if (!sw) return "bad";
  if (sw === "9000" || sw.startsWith("61")) return "ok";
  return sw.startsWith("62") || sw.startsWith("63") ? "warn" : "bad";
}

function responseParts(hex) {
  if (hex === undefined) return [el("span", { class: "none" }, "nothing")];
  if (hex.length < 4) return folded(hex, "d");
  const sw = el("span", { class: `sw ${swClass(hex.slice(-4))}`, title: "SW1 SW2" }, spaced(hex.slice(-4)));
  return hex.length > 4 ? [...folded(hex.slice(0, -4), "d"), " ", sw] : [sw];
}

const size = (hex) => (hex === undefined ? "" : plural(Math.ceil(hex.length / 2), "byte"));

function bytes(kind, names, command, response) {
  return el("dl", { class: `bytes ${kind}` },
    command !== undefined && [el("dt", { title: size(command) }, names[0]), el("dd", {}, commandParts(command))],
    [el("dt", { title: size(response) }, names[1]), el("dd", {}, responseParts(response))]);
}

function ascii(hex) {
  if (!/^(?:[2-6][0-9A-F]|7[0-9A-E]){2,}$/iu.test(hex)) return undefined;
  return hex.match(/../gu).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join("");
}

function tlvNode(node) {
  const text = node.value && ascii(node.value);
  const row = [
    el("code", { class: "tag" }, node.tag), " ", node.name, " ",
    el("span", { class: "pill" }, plural(node.length, "byte")), " ",
    node.value && el("code", {}, folded(node.value, "d")),
    text && el("span", { class: "ascii" }, ` “${text}”`),
  ];
  return el("li", {}, row, node.children && el("ul", {}, node.children.map(tlvNode)));
}

function exchangeView(exchange) {
  const wired = exchange.wire_command !== undefined || exchange.wire_response !== undefined;
  const plain = exchange.plain_command !== undefined || exchange.plain_response !== undefined;
  const lost = exchange.sw === undefined;
  const tries = counters(exchange.tries, exchange.tries);
  const lock = exchange.channel === "protected" ? "protected" : wired && !lost ? "came back plain" : "plain";
  return el("article", { class: `exchange ${wired ? "has-wire" : ""} ${plain ? "has-plain" : ""}` },
    el("header", {},
      el("span", { class: "command" }, exchange.command),
      el("span", { class: "push" },
        el("span", { class: `sw ${swClass(exchange.sw)}` }, lost ? "no response" : exchange.sw), " ", exchange.sw_text),
      el("span", { class: `pill lock ${lock === "plain" ? "" : exchange.channel}` }, lock),
      tries && el("span", { class: "pill" }, `tries: ${tries}`),
      exchange.duration_ns !== undefined && el("span", { class: "pill" }, duration(exchange.duration_ns))),
    plain && bytes("clear", ["command", "response"], exchange.plain_command, plainResponse(exchange, wired)),
    wired && bytes("wire", ["sent", "received"], exchange.wire_command, exchange.wire_response),
    exchange.tlv && el("ul", { class: "tlv", "aria-label": "data objects" }, exchange.tlv.map(tlvNode)),
    exchange.state && el("p", { class: "state" },
      Object.entries(exchange.state).map(([key, value]) => el("span", { class: "pill" }, `${key}: ${value}`))));
}

// A response whose protection was wrong has no plain view; its status word is still shown.
function plainResponse(exchange, wired) {
  return exchange.plain_response ?? (wired ? exchange.sw : undefined);
}
