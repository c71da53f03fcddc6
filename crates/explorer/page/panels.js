// One panel a party: what it holds after a message, and what it has learnt.

import { ofParty } from "./measured.js";
import { bits, count, element, hex, length, noise, picture, rebuilt, title } from "./draw.js";

const CUTS = {
  luma: ["a grey copy of it", "The grey copy that the device handed over, of up to 512 × 512, drawn at 64 × 64."],
  filtered: ["a grey thumbnail of it", "The grey thumbnail of 64 × 64 that the device handed over."],
  dct: ["256 numbers of it, enough for a blurred thumbnail", "Turned back from the 256 numbers that the device handed over; brightness guessed."],
};

/** Symbol, words and class of what a party can make of the picture. */
export function verdict(party, holding) {
  const sight = holding?.sight ?? { kind: "nothing" };
  switch (sight.kind) {
    case "picture":
      return party.endpoint ? ["●", "reads it, as it should", "meant"] : ["◉", "can read the picture", "learnt"];
    case "stage": return ["◐", `has ${CUTS[sight.cut][0]}`, "some"];
    case "hash": return ["◔", "knows its hash", "some"];
    case "sealed": return ["○", "cannot read it: ciphertext", "clear"];
    case "lengths": return ["○", "cannot read it: lengths and times", "clear"];
    default: return ["○", "holds nothing of it", "clear"];
  }
}

/** Panels for a run of which the story keeps what happened, with links to a report. */
export function panels(story, report) {
  // Those for whom the picture is not meant come first.
  const parties = story.opening.parties.toSorted((one, other) => one.endpoint - other.endpoint);
  const cards = new Map(parties.map((party) => [party.id, element("article", { class: "party" })]));
  const marks = "✓ has come true, – not in this run, … not yet";
  const root = element("div", { class: "parties" }, element("p", { class: "marks" }, marks), [...cards.values()]);
  const opened = new Set();

  function show(position) {
    for (const party of parties) fill(cards.get(party.id), party, position);
  }

  function fill(card, party, position) {
    const holding = story.holdings.findLast((holding) => holding.party === party.id && holding.after <= position);
    const seen = story.messages.filter((message) => message.number <= position && concerns(message, party.id));
    const [symbol, words, kind] = verdict(party, holding);
    card.className = `party ${kind}`;
    card.replaceChildren(
      element("header", {}, element("h3", {}, title(party.id)), element("p", { class: "badge" }, `${symbol} ${words}`)),
      element("div", { class: "holds" }, figure(party, holding), element("div", {}, learnt(party, holding))),
      details(party, holding, seen),
    );
  }

  function figure(party, holding) {
    const sight = holding?.sight;
    const sealed = story.messages.find((message) => message.number === holding?.sealed);
    const framed = (drawn, caption) => element("figure", {}, drawn, element("figcaption", {}, caption));
    switch (sight?.kind) {
      case "picture":
        return framed(picture(story.picture), `The picture, all ${count(story.opening.length)} bytes.`);
      case "stage": return framed(rebuilt(sight.grey, CUTS[sight.cut][1]), CUTS[sight.cut][1]);
      case "hash": return framed(
        element("span", { class: "pair" }, bits(story.opening.hash),
          holding.guess && rebuilt(holding.guess, "A guess at the picture from its hash")),
        "The 256 bits of its hash, and the best guess at the picture from them.");
      case "sealed":
        return framed(noise(sealed.noise), `Ciphertext, ${count(sealed.length)} bytes, and no key to it.`);
      default: return undefined;
    }
  }

  function learnt(party, holding) {
    if (party.endpoint) return element("p", { class: "quiet" }, "An endpoint: the picture is meant for it.");
    const marks = { true: ["✓", "has come true"], false: ["–", "not in this run"], null: ["…", "not yet"] };
    const clause = (words, at) => {
      const found = holding?.learnt[at] ?? { happened: null };
      const [mark, meaning] = marks[String(found.happened)];
      return element("li", { class: `clause is-${found.happened}` },
        element("span", { class: "mark", title: meaning, role: "img", "aria-label": `${meaning}: ` }, mark),
        element("span", {}, words, found.value && element("b", {}, `: ${found.value}`)));
    };
    const declared = party.declared.length
      ? [element("p", { class: "quiet" }, "By its declaration it can learn:"), element("ul", {}, party.declared.map(clause))]
      : element("p", { class: "quiet" }, "It learns nothing, by declaration.");
    const more = holding?.undeclared &&
      element("p", { class: "undeclared" }, "▲ It reads the picture, and no declaration of the honest system says so.");
    return [more, declared].flat().concat(ofParty(report, story.opening.system, title(party.id)));
  }

  function details(party, holding, seen) {
    const bytes = seen.reduce((sum, message) => sum + message.length, 0);
    const last = seen.at(-1);
    const summary = element("summary", {}, party.id === "network"
      ? `${seen.length} record${seen.length === 1 ? "" : "s"} passed, ${length(bytes)}`
      : `Holds ${seen.length} message${seen.length === 1 ? "" : "s"}, ${length(bytes)}`);
    const entry = (name, size, head) => element("li", {},
      element("span", { class: "name" }, `${name}, ${count(size)} B`), element("code", {}, hex(head, size > head.length / 2)));
    const blind = party.id === "network";
    const list = [
      last && !blind && element("p", {}, "Latest message:"),
      last && !blind && element("ul", { class: "bytes" }, entry(last.name, last.length, last.head)),
      blind && element("p", {}, "It sees who sends to whom, when, and how long each record is; no contents."),
      holding?.entries.length > 0 && element("p", {}, `In its memory, ${length(holding.memory)}; the longest entries:`),
      holding?.entries.length > 0 &&
        element("ul", { class: "bytes" }, holding.entries.map((kept) => entry(kept.name, kept.length, kept.head))),
    ];
    const box = element("details", { open: opened.has(party.id) }, summary, list);
    box.addEventListener("toggle", () => (box.open ? opened.add(party.id) : opened.delete(party.id)));
    return box;
  }

  return { root, show };
}

/** Whether a party has a message, or sees it pass. */
const concerns = (message, party) =>
  message.from === party || message.to === party || (party === "network" && message.from !== message.to);
