// The sequence diagram: lanes are parties, rows are messages in the order of arrival.

import { count, element, hex, length, seconds, title } from "./draw.js";

const CARRIES = {
  picture: ["◉", "holds the picture itself"],
  stage: ["◐", "holds a copy, thumbnail or numbers of the picture"],
  hash: ["◔", "holds the picture’s hash"],
  sealed: ["⊠", "is sealed: as long as the picture, and not it"],
  nothing: ["", ""],
};

/** A diagram between these lanes, under this name; `pick` is told of the number of a message that is chosen. */
export function diagram(lanes, pick, label) {
  const place = new Map(lanes.map((lane, at) => [lane, at]));
  const heads = lanes.map((lane) => element("span", {}, title(lane)));
  const lines = lanes.map((_, at) => element("i", { "--at": at }));
  const before = element("ol", { class: "steps" });
  const steps = element("ol", { class: "steps" });
  const summary = element("summary", {}, "Before anything is sent");
  const preparing = element("details", { class: "preparing", hidden: true }, summary, before);
  const body = element("div", { class: "rows", tabIndex: 0, role: "region", "aria-label": label },
    element("div", { class: "heads", "aria-hidden": "true" }, heads), element("div", { class: "lines", "aria-hidden": "true" }, lines), preparing, steps);
  const root = element("div", { class: `diagram${lanes.length > 6 ? " many" : ""}`, "--lanes": lanes.length },
    element("div", { class: "wide" }, body));
  const rows = [];

  // One stop for the keyboard, from which arrows go on.
  body.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const seen = rows.filter((row) => row.offsetParent).map((row) => row.firstChild);
    const at = seen.indexOf(document.activeElement);
    if (!by || at < 0) return;
    event.preventDefault();
    seen[Math.min(Math.max(at + by, 0), seen.length - 1)].focus();
  });

  function add(message) {
    const [symbol, meaning] = CARRIES[message.carries];
    const [from, to] = [place.get(message.from), place.get(message.to)];
    const own = from === to;
    const words = [symbol && `${symbol} `, element("b", {}, message.name)];
    if (!own) words.push(element("span", { class: "size" }, ` ${length(message.length)}`));
    const between = own ? title(message.from) : `${title(message.from)} to ${title(message.to)}`;
    const bytes = own ? "" : `${count(message.length)} bytes, `;
    const button = element("button", {
      type: "button",
      tabIndex: -1,
      class: `step ${message.carries}${own ? " own" : ""}${to < from ? " back" : ""}${
        own && from === 0 ? " first" : ""}${own && from === lanes.length - 1 ? " last" : ""}`,
      title: `${message.number}. ${between}: ${message.name}, ${bytes}at ${seconds(message.arrives)}\n${hex(message.head, true)}`,
      "--from": Math.min(from, to), "--span": Math.abs(to - from),
      onclick: () => pick(message.number),
    }, element("time", {}, message.arrives.toFixed(message.arrives < 100 ? 3 : 1)),
      element("span", { class: "arrow" }, element("span", { class: "words" }, words)),
      element("span", { class: "heard" }, ` ${between}${meaning && `, ${meaning}`}`));
    const row = element("li", {}, button);
    rows[message.number] = row;
    (message.preparing ? before : steps).append(row);
    if (message.preparing) {
      preparing.hidden = false;
      summary.textContent = `Before anything is sent: ${message.number} messages (keys, groups, lists, warrants)`;
    }
  }

  function show(position, follow) {
    rows.forEach((row, number) => {
      row.classList.toggle("future", number > position);
      row.classList.toggle("now", number === position);
      row.firstChild.tabIndex = number === position ? 0 : -1;
    });
    const now = rows[position];
    if (follow && now?.offsetParent) {
      body.scrollTop = Math.max(0, now.offsetTop - body.clientHeight + 2.2 * now.offsetHeight);
    }
  }

  const legend = ["picture", "stage", "hash", "sealed"].map((kind) =>
    element("span", { class: `step ${kind}` }, element("span", { class: "words" }, `${CARRIES[kind].join(" ")}. `)));
  return { root, legend: element("p", { class: "legend" }, legend), add, show };
}
