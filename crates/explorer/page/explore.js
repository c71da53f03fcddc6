// The page: what is chosen, two runs beside each other, and where in them we are.

import { diagram } from "./diagram.js";
import { ofRun } from "./measured.js";
import { count, element, picture, seconds, title } from "./draw.js";
import { panels, verdict } from "./panels.js";

const PACE = 450;
const form = document.querySelector("#controls");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const options = new URLSearchParams(location.search);
const choices = await ask("/choices");
let sent = options.get("picture") ?? choices.pictures[0].id;

/** What the server answers; its refusal in words is thrown. */
async function ask(path, request) {
  const answer = await fetch(path, request).catch(() => {
    throw new Error("Sightline does not answer. Is `sightline explore` still running?");
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? `refused: ${answer.status}`);
  return body;
}

/** One of the two systems: its choice, its run and its place in it. */
class Side {
  constructor(root, key, system) {
    this.key = key;
    this.system = element("select", { "aria-label": "System", onchange: () => { this.offer(); this.send(); } },
      choices.systems.map((system) => element("option", { value: system.name }, system.title)));
    this.system.value = system;
    if (!this.system.value) this.system.value = "e2ee";
    this.provider = element("select", { "aria-label": "What the provider does", onchange: () => this.send() });
    this.heading = element("h2");
    this.summary = element("p", { class: "summary" });
    this.status = element("p", { class: "status", role: "status" });
    this.slider = element("input", { type: "range", min: 1, max: 1, value: 1, "aria-label": "After which message",
      oninput: () => { this.halt(); this.show(Number(this.slider.value)); } });
    this.play = element("button", { type: "button", class: "play", onclick: () => this.toggle() }, "Pause");
    const move = (by) => () => { this.halt(); this.show(this.position + by); };
    this.transport = element("div", { class: "transport", hidden: true }, this.play,
      element("button", { type: "button", "aria-label": "One message back", onclick: move(-1) }, "◀"),
      this.slider,
      element("button", { type: "button", "aria-label": "One message on", onclick: move(1) }, "▶"));
    this.place = element("p", { class: "place" });
    this.result = element("p", { class: "result" });
    // Whoever chooses here has found the moment.
    this.breaking = element("div", { class: "breaking", hidden: true, onfocusin: () => this.halt() });
    this.run = element("div", { class: "run" });
    root.replaceChildren(
      element("div", { class: "choose" },
        element("label", {}, element("span", {}, "System"), this.system),
        element("label", { class: "provider" }, element("span", {}, "Its provider"), this.provider)),
      element("div", {}, this.heading, this.summary), this.status, this.result, this.run);
    // What stands beside each other stays at one height.
    this.run.hidden = true;
    this.offer(options.get(`${key}-provider`));
  }

  get chosen() { return choices.systems.find((system) => system.name === this.system.value); }

  /** Offers what this system's provider can do. */
  offer(strategy) {
    this.provider.replaceChildren(element("option", { value: "" }, "follows the protocol"),
      ...this.chosen.strategies.map(({ name, words }) => element("option", { value: name }, `lies: ${words}`)));
    this.provider.value = strategy ?? "";
    if (this.provider.selectedIndex < 0) this.provider.value = "";
    this.provider.disabled = this.chosen.strategies.length === 0;
    this.heading.replaceChildren(this.chosen.title, " ", element("code", {}, this.chosen.name));
    this.summary.textContent = this.chosen.summary;
  }

  /** Begins a run; `settled` if only its end is of interest. */
  async send(settled) {
    remember();
    this.settled = settled;
    this.halt();
    this.source?.close();
    const attempt = (this.attempt = {});
    this.status.textContent = "Running…";
    this.status.classList.remove("problem");
    const choice = { ...setting(), system: this.system.value, strategy: this.provider.value || null };
    try {
      const { id } = await ask("/runs", {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ picture: sent, choice }),
      });
      if (this.attempt === attempt) this.hear(id, choice);
    } catch (problem) {
      if (this.attempt === attempt) this.fail(problem.message);
    }
  }

  /** Hears the story of a run from its beginning. */
  hear(id, choice) {
    const story = (this.story = { picture: sent, messages: [], holdings: [], breaks: [] });
    this.position = 0;
    this.source = new EventSource(`/runs/${id}/events`);
    this.source.onerror = () => { this.source.close(); this.fail("The run’s story broke off."); };
    this.source.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      switch (event.kind) {
        case "progress": this.progress(event); break;
        case "opening": story.opening = event; this.build(choice, event.lanes); break;
        case "message": story.messages.push(event); this.diagram.add(event); this.arrived(event); break;
        case "holding": story.holdings.push(event); break;
        case "break": story.breaks.push(event); break;
        case "closing": this.source.close(); story.closing = event; this.finish(choice); break;
        case "failed": this.source.close(); this.fail(event.why); break;
      }
    };
  }

  /** Diagram and panels of a run between these lanes. */
  build(choice, lanes) {
    const pick = (number) => { this.halt(); if (this.story.closing) this.show(number); };
    this.diagram = diagram(lanes, pick, `Messages of the ${this.key === "left" ? "first" : "second"} system`);
    this.panels = panels(this.story, choices.report);
    const asked = [["hash-identifies", this.chosen.matches], ["planted-list", choice.listing === "planted"],
      ["rogue-provider", choice.strategy], ["broken-enclave", choice.broken]];
    const evidence = ofRun(choices.report, choice.system, asked.filter(([, so]) => so).map(([question]) => question));
    this.panels.show(0);
    this.result.className = "result";
    this.result.textContent = this.place.textContent = "";
    this.breaking.hidden = true;
    this.transport.hidden = true;
    this.run.hidden = false;
    this.run.replaceChildren(this.diagram.root, this.transport, this.place, this.diagram.legend, this.breaking, evidence,
      this.panels.root);
  }

  /** How far the run has come. */
  progress({ what, done }) {
    const words = `${what[0].toUpperCase()}${what.slice(1)}…`;
    if (this.status.textContent !== words) this.status.textContent = words;
    if (done) this.place.textContent = `Message ${done[0]} of ${done[1]}`;
  }

  /** A message has just been handed over in the run. */
  arrived(message) {
    this.diagram.show(message.number, true);
    this.place.textContent = `Message ${message.number}, ${words(message)}`;
  }

  /** The run has come to rest: from here on it is played back. Parties that no message came to or from are left out of the diagram. */
  finish(choice) {
    const { messages, closing, opening } = this.story;
    this.build(choice, opening.lanes.filter((lane) => messages.some(({ from, to }) => from === lane || to === lane)));
    messages.forEach((message) => this.diagram.add(message));
    this.breaking.hidden = !choice.broken;
    const matched = !this.chosen.matches ? "nothing is compared with a list"
      : opening.matched ? "a list entry lies within the radius"
      : opening.quality < choices.least_quality ? `too little detail to be compared (quality ${opening.quality} of 100, ${choices.least_quality} is needed)`
      : "no list entry lies within the radius";
    const arrived = closing.shown >= closing.sent ? "what was sent arrived" : `${closing.shown} of ${closing.sent} contents arrived`;
    const refused = closing.refusals.map(([who, why]) => `${title(who)} refused: ${why}.`);
    this.status.textContent = [`Done in ${seconds(closing.seconds)} of virtual time: ${matched}; ${arrived}.`,
      ...new Set(refused)].join(" ");
    this.transport.hidden = false;
    this.slider.max = messages.length;
    this.chooseBreak();
    const ready = messages.filter((message) => message.preparing).length;
    const at = Number(options.get("at")) || (still || this.settled || options.has("still") ? messages.length : 0);
    if (at) { this.halt(); return this.show(at); }
    this.show(ready);
    this.go();
  }

  go() {
    this.play.textContent = "Pause";
    this.timer = setInterval(() => {
      if (this.position >= this.story.messages.length) this.halt();
      else this.show(this.position + 1);
    }, PACE);
  }

  halt() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.play.textContent = "Play";
  }

  toggle() {
    if (this.timer) return this.halt();
    if (this.position >= this.story.messages.length) {
      this.show(this.story.messages.filter((message) => message.preparing).length);
    }
    this.go();
  }

  show(position) {
    const { messages, opening, holdings } = this.story;
    this.position = Math.min(Math.max(position, 1), messages.length);
    this.slider.value = this.position;
    this.diagram.show(this.position, true);
    this.panels.show(this.position);
    const now = messages[this.position - 1];
    this.place.textContent = `Message ${this.position} of ${messages.length}, ${words(now)}`;
    this.slider.setAttribute("aria-valuetext", this.place.textContent);
    const outsiders = opening.parties.filter((party) => !party.endpoint).map((party) => {
      const held = holdings.findLast((held) => held.party === party.id && held.after <= this.position);
      return [title(party.id), ...verdict(party, held)];
    });
    const of = (wanted) => outsiders.filter(([, , , kind]) => kind === wanted);
    const [reads, some] = [of("learnt"), of("some")];
    const ended = this.position === messages.length;
    const names = reads.map(([name]) => name).join(", ");
    this.result.className = `result ${reads.length ? "learnt" : some.length ? "some" : "clear"}`;
    const partly = some.map(([name, symbol, words]) => `${symbol} ${name} ${words}.`);
    this.result.textContent = (reads.length
      ? [`◉ Besides sender and recipient, the picture can ${ended ? "" : "by now "}be read by: ${names}.`, ...partly]
      : some.length ? [...partly, `The whole picture is ${ended ? "" : "so far "}with sender and recipient alone.`]
      : [`○ Nobody but sender and recipient can read the picture${ended ? "" : " so far"}.`]).join(" ");
    this.showBreak();
  }

  /** Offers the parties that can be broken into. */
  chooseBreak() {
    const parties = [...new Set(this.story.breaks.map((entry) => entry.party))];
    const kept = this.victim?.value ?? options.get("victim");
    this.victim = element("select", { "aria-label": "Party that is broken into", onchange: () => this.showBreak() },
      parties.map((party) => element("option", { value: party }, title(party))));
    this.victim.value = [kept, "enclave", "law-enforcement", "provider"].find((party) => parties.includes(party)) ?? "";
    this.way = element("select", { "aria-label": "How", onchange: () => this.showBreak() },
      element("option", { value: "snapshot" }, "its memory is read once"),
      element("option", { value: "persistent" }, "it is watched from then on"));
    this.beside = element("input", { type: "checkbox", onchange: () => this.showBreak() });
    this.opens = element("ul", { class: "opens" });
    this.breaking.replaceChildren(
      element("p", {}, "Break into ", this.victim, " right after this message: ", this.way,
        ". Move the slider to another moment."),
      element("p", {}, element("label", {}, this.beside, " Together with a provider that kept everything it saw")), this.opens);
  }

  showBreak() {
    if (this.breaking.hidden || !this.victim) return;
    const entries = this.story.breaks.filter((entry) => entry.party === this.victim.value);
    const entry = entries.findLast((entry) => entry.after <= this.position);
    if (!entry) {
      const first = entries[0]?.after;
      return this.opens.replaceChildren(element("li", {}, first ? `Nothing has been sent by then. Go to message ${first} or later.` : "It takes no part."));
    }
    const way = this.way.value + (this.beside.checked ? "_beside_provider" : "");
    const words = ["the picture sent before", "your picture", "the picture sent after"];
    this.opens.replaceChildren(...words.map((what, at) => {
      const open = entry[way][at];
      const when = ranges(entries.filter((entry) => entry[way][at]).map((entry) => entry.after));
      return element("li", { class: open ? "learnt" : "clear" },
        `${open ? "◉" : "○"} ${what}: ${open ? "opens" : "stays closed"} `,
        element("small", {}, when ? `(would open if broken into after messages ${when})`
          : this.victim.value.startsWith("device") && this.way.value === "snapshot" ? "(at no moment: devices here keep no picture that they have shown)"
          : "(would open at no moment)"));
    }));
  }

  fail(why) {
    this.status.classList.add("problem");
    this.status.textContent = `This run did not work: ${why}`;
  }
}

/** When a message was handed over, by whom to whom, and what it is. */
function words({ from, to, name, length, arrives }) {
  const what = from === to ? `${title(from)}: ${name}` : `${title(from)} → ${title(to)}: ${name}, ${count(length)} bytes`;
  return `at ${seconds(arrives)}: ${what}`;
}

/** Whole numbers as ranges: 3–5, 8. */
function ranges(numbers) {
  const found = [];
  for (const number of numbers) {
    if (found.at(-1)?.[1] === number - 1) found.at(-1)[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
}

/** What both sides share. */
function setting() {
  const value = (name) => form.elements[name].value;
  const checked = (name) => form.elements[name].checked;
  const numbers = Object.fromEntries(["distance", "radius", "threshold", "times"].map((name) => [name, Number(value(name))]));
  return { listing: value("listing"), ...numbers, report: checked("report"), order: checked("order"), broken: checked("broken") };
}

/** Puts what is chosen into the address, so that it can be kept and passed on. Pictures of one's own are not part of it. */
function remember() {
  const chosen = setting();
  const address = new URLSearchParams({ left: left.system.value, right: right.system.value });
  for (const side of [left, right]) if (side.provider.value) address.set(`${side.key}-provider`, side.provider.value);
  if (choices.pictures.some((known) => known.id === sent)) address.set("picture", sent);
  for (const [name, given] of Object.entries(chosen)) address.set(name, Number.isInteger(given) || typeof given === "string" ? given : Number(given));
  history.replaceState(null, "", `?${address}`);
  document.querySelector("#assess").textContent =
    `sightline assess --architectures ${[...new Set([left.system.value, right.system.value])].join(",")} --questions endpoints-only`;
  document.querySelector("#explain").textContent = `sightline explain ${right.system.value}`;
}

/** Offers a picture, and chooses it if it is the one that is sent. */
function offerPicture({ id, name }) {
  const choose = element("input", { type: "radio", name: "picture", value: id, checked: id === sent, onchange: () => { sent = id; } });
  document.querySelector("#samples").append(
    element("label", { class: "sample" }, choose, Object.assign(picture(id), { alt: "" }), element("span", {}, name)));
}

const STILL = "What was chosen before is still sent.";

/** Hands over a picture of one's own, and sends it. */
async function upload(file) {
  if (!file) return;
  const line = document.querySelector("#upload");
  const say = (words, problem) => { line.textContent = words; line.classList.toggle("problem", problem); };
  if (file.size > choices.most_bytes) {
    return say(`Not taken: ${file.name} is larger than ${choices.most_bytes / 2 ** 20} MiB, the most that is read. ${STILL}`, true);
  }
  if (file.type && !file.type.startsWith("image/")) {
    return say(`Not taken: ${file.name} is not a picture. JPEG, PNG, GIF and WebP are read. ${STILL}`, true);
  }
  say("Taking it…", false);
  try {
    const taken = await ask("/pictures", {
      method: "POST", headers: { "content-type": file.type || "application/octet-stream" }, body: file,
    });
    say(`${file.name}: ${count(taken.length)} bytes, kept for 15 minutes at most.`, false);
    sent = taken.id;
    offerPicture({ ...taken, name: file.name });
    send();
  } catch (refused) {
    say(`Not taken: ${refused.message} ${STILL}`, true);
  }
}

function send(settled = false) {
  left.send(settled);
  right.send(settled);
}

/** Runs again when something else is chosen, so that both sides always show what is chosen; after a slider came to rest, how it ends. */
let resting;
function chosen({ target }) {
  if (target.type === "file") return;
  const slider = target.type === "range";
  clearTimeout(resting);
  options.delete("at");
  resting = setTimeout(() => send(slider), slider ? 200 : 0);
}

/** What the sliders say beside themselves. */
function sayRanges() {
  const bits = (number) => `${number} bit${number === "1" ? "" : "s"}`;
  const words = { distance: bits, radius: bits, times: (number) => (number === "1" ? "once" : `${number} times`), threshold: (number) => `${["1st", "2nd", "3rd"][number - 1] ?? `${number}th`} match` };
  for (const output of form.querySelectorAll(".range output")) {
    const input = output.parentElement.querySelector("input");
    output.textContent = words[input.name](input.value);
  }
}

for (const [name, given] of options) {
  const control = form.elements[name];
  if (control?.type === "checkbox") control.checked = given !== "0";
  else if (control) control.value = given;
}
choices.pictures.forEach(offerPicture);
if (!choices.pictures.some((known) => known.id === sent)) {
  sent = choices.pictures[0].id;
  form.elements.picture.value = sent;
}
const left = new Side(document.querySelector("#left"), "left", options.get("left") ?? "e2ee");
const right = new Side(document.querySelector("#right"), "right", options.get("right") ?? "device-hashing");

form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(resting); options.delete("at"); send(); });
form.addEventListener("input", sayRanges);
form.addEventListener("change", chosen);
document.querySelector("#own").addEventListener("change", async ({ target }) => {
  await upload(target.files[0]);
  target.value = "";
});
// No entry in the history: going back leaves the page, and comes back to what was chosen.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("#stage").focus();
});
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    if (kind === "drop") upload(event.dataTransfer.files[0]);
  });
}
sayRanges();
send();
